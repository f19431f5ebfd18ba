//! The rules, one a file.

pub(super) mod l08_unmatched_named_port;
pub(super) mod l24_redundant_part;
pub(super) mod l25_shadowed_rule;
pub(super) mod l26_unused_policy;
pub(super) mod l27_duplicate;
pub(super) mod l29_host_network_affected;
pub(super) mod l30_namespace_label_missing;
pub(super) mod l31_policy_in_another_namespace;
pub(super) mod l32_pods_of_another_namespace;
pub(super) mod l33_deny_intention;
pub(super) mod l34_client_address_lost;
pub(super) mod l35_route_broken;
pub(super) mod l36_scrape_or_webhook_blocked;
pub(super) mod l38_unstable_label;
pub(super) mod l41_not_enforced;
pub(super) mod l43_names_not_learnt;
pub(super) mod l44_block_for_pods;
pub(super) mod l45_endpoints_of_another_namespace;
pub(super) mod l51_useless_egress_target;
pub(super) mod l52_wider_than_needed;
