//! Calico's selector language.

/// A selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// `all()`, or an empty text.
    All,
    /// `global()`, only in the `namespaceSelector` of an entity.
    Global,
    /// `has(KEY)`.
    Has(String),
    /// `KEY == 'VALUE'`.
    Equal(String, String),
    /// `KEY != 'VALUE'`: also where the key is absent.
    NotEqual(String, String),
    /// `KEY in {'VALUE', ...}`.
    In(String, Vec<String>),
    /// `KEY not in {'VALUE', ...}`: also where the key is absent.
    NotIn(String, Vec<String>),
    /// `KEY contains 'VALUE'`.
    Contains(String, String),
    /// `KEY starts with 'VALUE'`.
    StartsWith(String, String),
    /// `KEY ends with 'VALUE'`.
    EndsWith(String, String),
    /// `!EXPRESSION`.
    Not(Box<Expression>),
    /// `A && B`.
    And(Vec<Expression>),
    /// `A || B`.
    Or(Vec<Expression>),
}
