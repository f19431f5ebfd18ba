//! Wider forms of flows that a dialect cannot express, which only the user can choose.

use super::{FlowKey, HttpRule, Match, PortMatch, Target};

/// Whether a rule may be written in a wider form where the dialect cannot express it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Approximate {
    /// It has none, or none may be written.
    #[default]
    Never,
    /// It has one, and the user has not chosen it.
    Offered,
    /// The user has chosen it.
    Chosen,
}

/// A flow that is written in a wider form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Approximation {
    /// The flow.
    pub flow: FlowKey,
    /// What is written instead.
    pub form: Form,
}

impl Approximation {
    /// `approximated: allows …`, the same wherever approximations are reported.
    pub fn message(&self) -> String {
        format!("approximated: allows {}", self.form.words())
    }
}

/// The nearest form of a flow that is wider.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Form {
    /// What it allows in place of what is drawn.
    pub wider: Wider,
    /// The ports, in words.
    ports: String,
    /// What is drawn, in words.
    drawn: String,
}

/// What a wider form allows in place of what is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wider {
    /// All requests at the ports, in place of some.
    AnyRequest,
    /// All addresses outside the cluster ([`super::Network::outside`]), in place of domain names.
    AnyAddress,
}

impl Form {
    /// The forms that a flow with these HTTP rules towards these domain names takes in a dialect that cannot express them.
    pub fn of(
        target: Target,
        ports: &Match<PortMatch>,
        http: &[HttpRule],
        domains: &[String],
    ) -> Vec<Self> {
        let form = |wider, drawn: Vec<String>| Self {
            wider,
            ports: words(ports),
            drawn: drawn.join(", "),
        };
        let mut found = Vec::new();
        if !http.is_empty() && !target.filters_http() {
            let drawn = http.iter().map(ToString::to_string).collect();
            found.push(form(Wider::AnyRequest, drawn));
        }
        if !domains.is_empty() && !target.has_domain_names() {
            found.push(form(Wider::AnyAddress, domains.to_vec()));
        }
        found
    }

    /// `any request on TCP 8080`.
    pub fn allowed(&self) -> String {
        let what = match self.wider {
            Wider::AnyRequest => "any request",
            Wider::AnyAddress => "all addresses outside the cluster",
        };
        format!("{what} on {}", self.ports)
    }

    /// `allows more: any request on TCP 8080, drawn: GET /products/.*`, the same wherever a verdict says why.
    pub fn allows_more(&self) -> String {
        format!("allows more: {}", self.words())
    }

    /// `any request on TCP 8080, drawn: GET /products/.*`.
    pub fn words(&self) -> String {
        format!("{}, drawn: {}", self.allowed(), self.drawn)
    }
}

/// `TCP 80, TCP 8000-8010`.
fn words(ports: &Match<PortMatch>) -> String {
    let one = |port: &PortMatch| match port {
        PortMatch::AllPorts(protocol) => protocol.to_string(),
        PortMatch::Range {
            protocol,
            first,
            last,
        } if first == last => format!("{protocol} {first}"),
        PortMatch::Range {
            protocol,
            first,
            last,
        } => format!("{protocol} {first}-{last}"),
        PortMatch::Named { protocol, name } => match protocol {
            Some(protocol) => format!("{protocol} {name}"),
            None => name.clone(),
        },
        PortMatch::FromNamed {
            protocol,
            name,
            last,
        } => format!("{protocol} {name}-{last}"),
    };
    match ports {
        Match::Any => "any port".to_owned(),
        Match::Only(ports) => ports.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}
