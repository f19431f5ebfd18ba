//! Parses and prints names, labels, ports, addresses and selectors as users type them. The inspector
//! and the reader of project files share it; every error has a reason and a remedy.

mod document;
mod ends;
mod names;
mod network;
mod port;
mod selector;
#[cfg(test)]
mod tests;

pub use document::{check, invariants, problems};
pub use ends::flow_ends;
pub use names::{
    free_name, label_key, label_name, label_value, labels, labels_text, port_name, sentence_name,
    subdomain_name,
};
pub use network::{addresses_of, cidr, domain_name, network, networks};
pub use port::{
    flow_port, flow_ports, flow_ports_text, flow_ports_words, http_rule, port_number, united,
};
pub use selector::{selector, selector_text};

/// Why a value or an edit is rejected, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong: lower case, no full stop, user input in backticks.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Refusal {
    /// A refusal without help.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl std::fmt::Display for Refusal {
    /// `message; help` on one line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}
