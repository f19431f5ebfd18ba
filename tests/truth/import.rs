//! Imports public cases: the project allows what the manifests allow. The cases are outside the repository, as in
//! `adopt`.

use drawbridge::analysis::Party;
use drawbridge::analysis::changes::changes;
use drawbridge::load::{Settings, load};
use drawbridge::project::sources;
use drawbridge::proof;

use crate::corpus::cases;

#[test]
fn a_project_allows_what_its_manifests_allow() {
    let mut seen = 0;
    for case in cases() {
        let (sources, _) = sources::collect(std::slice::from_ref(&case));
        let loaded = load(&sources, &Settings::default());
        // A project has one set of labels for all pods of a workload.
        let pods = &loaded.snapshot.pods;
        let differ = pods.iter().any(|pod| {
            pods.iter()
                .any(|other| other.workload == pod.workload && other.labels != pod.labels)
        });
        if differ {
            continue;
        }
        let imported = drawbridge::import::import(&loaded);
        let project = proof::loaded(&imported.document);
        let mut found = changes(&loaded.snapshot, &project.snapshot);
        // Nor has it Ingress and route objects: what they send is offered as flows.
        found.retain(|change| change.src != Party::IngressController);
        assert!(found.is_empty(), "{}: {:?}", case.display(), found.first());
        seen += 1;
    }
    println!("{seen} cases");
}
