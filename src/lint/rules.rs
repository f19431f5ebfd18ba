//! The rules, one a file.

pub(super) mod l01_policy_selects_no_pods;
pub(super) mod l02_peer_selects_nothing;
pub(super) mod l03_near_miss_label;
pub(super) mod l04_workload_labels;
pub(super) mod l05_or_instead_of_and;
pub(super) mod l06_ports_in_their_own_rule;
pub(super) mod l07_service_port;
pub(super) mod l08_unmatched_named_port;
pub(super) mod l10_udp_left_out;
pub(super) mod l11_missing_dns;
pub(super) mod l12_wrong_dns_rule;
pub(super) mod l13_half_open;
pub(super) mod l14_no_default_deny;
pub(super) mod l15_ignored_rules;
pub(super) mod l16_unintended_isolation;
pub(super) mod l17_accidental_allow_all;
pub(super) mod l18_broad_block;
pub(super) mod l19_metadata_service;
pub(super) mod l20_block_for_pods;
pub(super) mod l21_one_family;
pub(super) mod l22_except_defeated;
pub(super) mod l35_route_broken;
