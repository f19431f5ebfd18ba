//! Draws two workloads and a flow, writes the policies for it, and proves them.
//!
//! ```text
//! cargo run --no-default-features --example draw
//! ```

use drawbridge::model::{Document, Edit, End, Flow, FlowPort, Namespace, Refusal, Thing, Workload};
use drawbridge::proof::State;
use drawbridge::sets::{Labels, Protocol};

fn main() -> Result<(), Refusal> {
    let document = drawing()?;

    let generated = drawbridge::proof::generate(&document);
    print!("{}", generated.text());
    for left_out in &generated.losses {
        eprintln!("left out: {left_out:?}");
    }

    // The proof reads the text back like any other policy text.
    let proof = drawbridge::proof::prove(&document, &generated);
    println!("# the policies match the document: {:?}", proof.state);
    assert_eq!(proof.state, State::Exact);

    // Without the default deny, pods accept all traffic, and the proof reports it.
    let mut broken = generated;
    broken.policies.retain(|policy| policy.name != "deny-all");
    let proof = drawbridge::proof::prove(&document, &broken);
    println!("# without deny-all: {:?}", proof.state);
    for finding in &proof.findings {
        println!("# {}", finding.message);
    }
    Ok(())
}

/// `shop/web` may open TCP connections to port 5432 of `shop/db`, and nothing else is allowed but DNS.
fn drawing() -> Result<Document, Refusal> {
    let mut document = Document::default();
    let shop = document.namespaces.next_id();
    Edit::Add(Thing::Namespace(Namespace::new("shop"))).apply(&mut document)?;
    let mut add = |name: &str| {
        let id = document.workloads.next_id();
        let labels = Labels::from([("app".to_owned(), name.to_owned())]);
        let workload = Workload::new(shop, "Deployment", name, labels);
        Edit::Add(Thing::Workload(workload)).apply(&mut document)?;
        Ok(End::Workload(id))
    };
    let (web, db) = (add("web")?, add("db")?);
    let postgres = FlowPort::Range(Protocol::Tcp, 5432, 5432);
    let flow = Flow::new(web, db, vec![postgres]);
    Edit::Add(Thing::Flow(flow)).apply(&mut document)?;
    Ok(document)
}
