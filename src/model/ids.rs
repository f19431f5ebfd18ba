//! Ids: small numbers, unique within their table, never reused while a Document lives.

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl From<u32> for $name {
            fn from(number: u32) -> Self {
                Self(number)
            }
        }

        impl From<$name> for u32 {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )* };
}

id!(
    /// A namespace.
    NamespaceId,
    /// A workload.
    WorkloadId,
    /// A Service.
    ServiceId,
    /// A node.
    NodeId,
    /// An external.
    ExternalId,
    /// A group.
    GroupId,
    /// A flow.
    FlowId,
    /// An imported policy.
    PolicyId,
    /// An invariant.
    InvariantId
);

impl From<crate::policy::FlowKey> for FlowId {
    fn from(key: crate::policy::FlowKey) -> Self {
        Self(key.0)
    }
}

impl From<FlowId> for crate::policy::FlowKey {
    fn from(id: FlowId) -> Self {
        Self(id.0)
    }
}

impl From<WorkloadId> for crate::policy::WorkloadKey {
    fn from(id: WorkloadId) -> Self {
        Self(id.0)
    }
}

impl From<crate::policy::WorkloadKey> for WorkloadId {
    fn from(key: crate::policy::WorkloadKey) -> Self {
        Self(key.0)
    }
}
