//! Which policy is named as the cause of what changes.

use super::*;

const PODS: &str = "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: s, labels: {app: web}}, status: {podIPs: [{ip: 10.0.0.1}]}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: s, labels: {app: db}}, status: {podIPs: [{ip: 10.0.0.2}]}}\n---\n";
const SET: &str = "apiVersion: projectcalico.org/v3\nkind: NetworkSet\nmetadata: {name: partner, namespace: s, labels: {app: partner}}\nspec: {nets: [192.0.2.0/24]}\n---\n";

fn calico(name: &str, rule: &str) -> String {
    format!(
        "{CALICO}metadata: {{name: {name}, namespace: s}}\nspec: {{selector: app == 'web', types: [Egress], egress: [{rule}]}}\n---\n"
    )
}

#[test]
fn the_policy_whose_rule_changes_is_named_with_the_network_set() {
    let to_set = calico(
        "to-set",
        "{action: Allow, destination: {selector: app == 'partner'}}",
    );
    let to_db = calico(
        "to-db",
        "{action: Allow, destination: {selector: app == 'db'}}",
    );
    let text = format!("{PODS}{SET}{to_db}{to_set}");
    let found = conversion(Target::Kubernetes, &text, as_under(PodAddresses::Known));
    let states: Vec<State> = found.policies.iter().map(|one| one.state).collect();
    assert_eq!(
        states,
        [State::Exact, State::Differs],
        "{:?}",
        found.policies
    );
    assert_eq!(
        found.policies[1].reasons[0].why,
        "its rules are written in full, but egress from s/web to `192.0.2.0/24` on any is now denied: the address is of the network set `s/partner`, which selectors of NetworkPolicy do not match"
    );
    assert_eq!(found.unexplained, None);
}

/// A policy of which nothing is written explains what it alone allowed, and nothing else.
#[test]
fn what_is_left_out_hides_no_other_cause() {
    let logs = calico(
        "logs",
        "{action: Log}, {action: Allow, protocol: TCP, destination: {selector: app == 'db', ports: [5432]}}",
    );
    let to_set = calico(
        "to-set",
        "{action: Allow, destination: {selector: app == 'partner'}}",
    );
    let text = format!("{PODS}{SET}{logs}{to_set}");
    let found = conversion(Target::Kubernetes, &text, as_under(PodAddresses::Known));
    let states: Vec<State> = found.policies.iter().map(|one| one.state).collect();
    assert_eq!(
        states,
        [State::CannotExpress, State::Differs],
        "{:?}",
        found.policies
    );
}
