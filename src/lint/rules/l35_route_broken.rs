//! Routes whose pods deny the ingress controller.
//!
#![doc = include_str!("l35_route_broken.md")]

use crate::analysis::routes::reaches;
use crate::diag::{Diagnostic, Severity};
use crate::lint::{Input, Rule};

pub const RULE: Rule = Rule {
    code: "L35",
    name: "route-broken",
    severity: Severity::Warning,
    qualifies_verdict: true,
    page: include_str!("l35_route_broken.md"),
    check,
};

fn check(rule: &Rule, input: &Input, out: &mut Vec<Diagnostic>) {
    let snapshot = input.snapshot;
    for reach in reaches(snapshot).iter().filter(|r| r.open.is_empty()) {
        let route = &snapshot.routes[reach.route];
        let workload = &snapshot.workloads[reach.workload];
        let message = format!(
            "it sends traffic to `{}/{}` on {}, but no policy allows the ingress controller",
            workload.namespace, workload.name, reach.wanted
        );
        let found = rule
            .finding(message)
            .help("allow ingress to that port from the namespace of the ingress controller")
            .on(format!("{} {}/{}", route.kind, route.namespace, route.name));
        out.push(match &route.span {
            Some(span) => found.at(span.clone()),
            None => found,
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::found;

    #[test]
    fn routes_whose_pods_deny_the_controller() {
        let page = include_str!("l35_route_broken.md");
        let example = page.split("```yaml\n").nth(1).unwrap();
        let example = example.split("```").next().unwrap();
        assert_eq!(found(example), [("L35", 15)]);
        let open = example.replace(
            "{podSelector: {}}",
            "{podSelector: {}, ingress: [{ports: [{port: 8080}]}]}",
        );
        assert_eq!(found(&open), []);
        let other = example.replace(
            "{podSelector: {}}",
            "{podSelector: {}, ingress: [{ports: [{port: 80}]}]}",
        );
        assert_eq!(found(&other), [("L35", 15)]);
    }
}
