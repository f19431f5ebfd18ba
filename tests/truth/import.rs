//! Imports public cases: the project allows what the manifests allow. The cases are outside the repository, as in
//! `adopt`.

use drawbridge::analysis::changes::changes;
use drawbridge::cluster::{Route, Service, Snapshot};
use drawbridge::load::{Settings, load};
use drawbridge::project::{format, sources};
use drawbridge::proof;

use crate::corpus::cases;

#[test]
fn a_project_allows_what_its_manifests_allow() {
    let mut seen = 0;
    for case in cases() {
        let (sources, _) = sources::collect(std::slice::from_ref(&case));
        let loaded = load(&sources, &Settings::default());
        let imported = drawbridge::import::import(&loaded);
        let written = format::write(&imported.document);
        let read = format::read(&written, "project").expect("it is a project");
        let project = proof::loaded(&read.0);
        let found = changes(&loaded.snapshot, &project.snapshot);
        assert!(found.is_empty(), "{}: {:?}", case.display(), found.first());
        assert_eq!(project.snapshot.nodes, loaded.snapshot.nodes);
        let bare = |route: &Route| Route {
            span: None,
            ..route.clone()
        };
        let routes: Vec<Route> = loaded.snapshot.routes.iter().map(bare).collect();
        assert_eq!(project.snapshot.routes, routes, "{}", case.display());
        let outside = |cluster: &Snapshot| -> Vec<(String, Option<String>)> {
            let services = cluster.services.iter();
            let one = |service: &Service| (service.kind.clone(), service.external_name.clone());
            services.map(one).collect()
        };
        assert_eq!(outside(&project.snapshot), outside(&loaded.snapshot));
        seen += 1;
    }
    println!("{seen} cases");
}
