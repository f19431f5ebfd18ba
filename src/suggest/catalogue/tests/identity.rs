//! Credentials: of clouds, and of service accounts.

use super::*;

#[test]
fn either_metadata_server_of_gke_suffices() {
    let account = "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: a, namespace: s, annotations: {iam.gke.io/gcp-service-account: x}}}\n";
    let pod = deployment(
        "a",
        "x: y",
        "serviceAccountName: a, containers: [{name: c}]",
    );
    let open = allow(
        "gke",
        "egress",
        "{to: [{ipBlock: {cidr: 169.254.169.252/32}}], ports: [{port: 987}, {port: 988}]}",
    );
    assert_eq!(
        missing(&(pod + account + &open), "workload-identity"),
        ["s/a > external/gke-metadata-988 TCP/987-988 by NetworkPolicy s/gke"]
    );
}

#[test]
fn regional_endpoints_of_aws_give_credentials() {
    let account = "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: a, namespace: s, annotations: {eks.amazonaws.com/role-arn: x}}}\n";
    let pod = deployment(
        "a",
        "x: y",
        "serviceAccountName: a, containers: [{name: c}]",
    );
    let to = |name: &str| {
        let policy = format!(
            "---\n{{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {{name: c, namespace: s}}, spec: {{endpointSelector: {{}}, egress: [{{toFQDNs: [{{matchName: {name}}}], toPorts: [{{ports: [{{port: '443', protocol: TCP}}]}}]}}]}}}}\n"
        );
        lines(&(pod.clone() + account + &policy), "workload-identity")
    };
    let end = "s/a > external/sts.amazonaws.com TCP/443";
    assert_eq!(
        to("sts.eu-west-1.amazonaws.com"),
        [format!("{end} by CiliumNetworkPolicy s/c")]
    );
    assert_eq!(to("s3.eu-west-1.amazonaws.com"), [format!("{end} needed")]);
}

#[test]
fn service_accounts_with_cloud_identities_need_their_servers() {
    let account = |key: &str| {
        format!(
            "---\n{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: a, namespace: s, annotations: {{{key}: x}}}}}}\n{}",
            deployment(
                "a",
                "x: y",
                "serviceAccountName: a, containers: [{name: c}]"
            )
        )
    };
    assert_eq!(
        missing(
            &account("iam.gke.io/gcp-service-account"),
            "workload-identity"
        ),
        [
            "s/a > external/gke-metadata-8080 TCP/80,TCP/8080 needed",
            "s/a > external/gke-metadata-988 TCP/987-988 needed"
        ]
    );
    let amazon = account("eks.amazonaws.com/role-arn");
    let wanted = "s/a > external/sts.amazonaws.com TCP/443";
    assert_eq!(
        missing(&amazon, "workload-identity"),
        [format!("{wanted} needed")]
    );
    let out = "{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}], ports: [{port: 443}]}";
    assert_eq!(
        missing(
            &(amazon + &allow("web", "egress", out)),
            "workload-identity"
        ),
        [format!("{wanted} by NetworkPolicy s/web")]
    );
    let azure = deployment(
        "a",
        "azure.workload.identity/use: 'true'",
        "containers: [{name: c}]",
    );
    assert_eq!(
        missing(&azure, "workload-identity"),
        ["s/a > external/login.microsoftonline.com TCP/443 likely"]
    );
    assert_eq!(
        missing(&account("other"), "workload-identity"),
        Vec::<String>::new()
    );
}

#[test]
fn pods_without_a_token_do_not_use_their_role() {
    let bound = "---\n{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b, namespace: s}, roleRef: {kind: Role, name: r}, subjects: [{kind: ServiceAccount, name: a}]}\n";
    let account = "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: a, namespace: s}, automountServiceAccountToken: false}\n";
    let of = |rest: &str| {
        deployment(
            "a",
            "x: y",
            &format!("serviceAccountName: a, {rest}containers: [{{name: c}}]"),
        )
    };
    let none = Vec::<String>::new();
    assert_eq!(
        missing(
            &(of("automountServiceAccountToken: false, ") + bound),
            "api-server"
        ),
        none
    );
    assert_eq!(missing(&(of("") + bound + account), "api-server"), none);
    let own = of("automountServiceAccountToken: true, ") + bound + account;
    assert_eq!(missing(&own, "api-server").len(), 1);
    let variable = deployment(
        "a",
        "x: y",
        "containers: [{name: c, env: [{name: KUBECONFIG, value: /k}]}]",
    );
    assert_eq!(missing(&variable, "api-server").len(), 1);
}
