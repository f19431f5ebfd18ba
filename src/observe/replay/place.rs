//! A place at which an end of a connection was seen, as far as the record says.

use crate::analysis::Endpoint;

/// Where an end was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::observe) struct Place {
    /// It is one of these, and the record does not say which. Each is all that the end is at once: an address and its names.
    pub alternatives: Vec<Vec<Endpoint>>,
    /// What the record does not say, in words; none where there is one alternative.
    pub unknown: Option<String>,
}

impl Place {
    /// What is known to be all of these at once.
    pub fn of(ends: Vec<Endpoint>) -> Self {
        Self {
            alternatives: vec![ends],
            unknown: None,
        }
    }

    /// One of several ends.
    pub fn any(ends: impl IntoIterator<Item = Endpoint>) -> Self {
        Self {
            alternatives: ends.into_iter().map(|end| vec![end]).collect(),
            unknown: Some("the record has no address, and the policies allow some".to_owned()),
        }
    }

    /// The same that is more at once. A pod with a policy of its own is only itself.
    pub fn and(mut self, more: &[Endpoint]) -> Self {
        let is_pod = |end: &Endpoint| matches!(end, Endpoint::Pod(_) | Endpoint::NewPod(_));
        for ends in &mut self.alternatives {
            if !ends.iter().any(is_pod) {
                ends.extend_from_slice(more);
            }
        }
        self
    }
}
