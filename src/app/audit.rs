//! The audit of a project: what lint finds in its policies, what can be fixed, and the scores.
//!
//! The texts are those of the generated and the imported policies. Only imported ones can be fixed; a fix is an
//! [`Edit`] of their texts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cluster::LeftOut;
use crate::diag::{Diagnostic, Severity};
use crate::fix::{self, Fixed, Fixes};
use crate::lint::score::{self, Score, namespace_of};
use crate::lint::{self, IgnoredHere, Report};
use crate::load::Loaded;
use crate::manifest::Source;
use crate::model::{Document, Edit, Item, PolicyId, Thing, WorkloadId};
use crate::proof::{Generated, loaded_from};
use crate::query::Results;
use crate::report::findings::Linted;

/// A format of the exported findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A review comment.
    Markdown,
    /// For code scanning.
    Sarif,
}

impl Form {
    /// The ending of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Sarif => "sarif",
        }
    }
}
/// The audit of one state of a project.
#[derive(Debug)]
pub struct Audit {
    /// The findings.
    pub report: Report,
    /// What each finding is about, in the same order.
    pub about: Vec<About>,
    /// The scores of the namespaces, by name.
    pub scores: Vec<Score>,
    left_out: Vec<LeftOut>,
    document: Document,
    sources: Vec<Source>,
    imported: BTreeMap<Arc<str>, PolicyId>,
    ignored: Vec<IgnoredHere>,
}

/// Fixes of findings, computed and not made yet.
#[derive(Clone, Debug)]
pub struct Fixing {
    /// The change of the project, one step.
    pub edit: Edit,
    /// How many findings it corrects.
    pub findings: usize,
    /// The texts that change, by the names of their files.
    pub files: Vec<Fixed>,
    audit: Arc<Audit>,
}

impl Fixing {
    /// The fixes of the wanted findings; none if they change nothing.
    pub fn of(
        audit: &Arc<Audit>,
        is_wanted: &dyn Fn(usize) -> bool,
        stop: &dyn Fn() -> bool,
    ) -> Option<Self> {
        let fixes = audit.fixes(is_wanted, stop);
        Some(Self {
            edit: audit.edit(&fixes)?,
            findings: fixes.fixable.len(),
            files: fixes.files,
            audit: Arc::clone(audit),
        })
    }

    /// Whether the texts of the project are those that it changes.
    pub fn is_of(&self, document: &Document) -> bool {
        document.policies == self.audit.document.policies
    }
}

/// What a finding is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Its namespace, if it is in one.
    pub namespace: Option<String>,
    /// The imported policy in whose text it is.
    pub policy: Option<PolicyId>,
    /// What the canvas shows of it: the workloads that a policy selects, or the object itself.
    pub items: Vec<Item>,
}

impl Audit {
    /// Audits the policies of a project; none once `stop` returns true.
    pub fn of(results: &Results, stop: &dyn Fn() -> bool) -> Option<Self> {
        let document = &results.document;
        let (sources, imported) = sources(document, &results.generated);
        let loaded = loaded_from(document, &sources);
        if stop() {
            return None;
        }
        let ignored: Vec<IgnoredHere> = document.ignore.iter().map(ignored).collect();
        let mut report = lint::report(&loaded, &sources, &ignored);
        if stop() {
            return None;
        }
        for finding in &mut report.found {
            finding.message = without_places(&finding.message, &sources);
        }
        let scores = score::scores(&loaded, &report.found);
        let items = Items::of(document, &loaded);
        let about = |finding: &Diagnostic| About {
            namespace: (finding.resource.as_deref().and_then(namespace_of)).map(str::to_owned),
            policy: (finding.span.as_ref()).and_then(|span| imported.get(&span.file).copied()),
            items: items.of_finding(finding),
        };
        Some(Self {
            about: report.found.iter().map(about).collect(),
            scores,
            left_out: loaded.snapshot.left_out.clone(),
            document: document.clone(),
            report,
            sources,
            imported,
            ignored,
        })
    }

    /// How many findings are that severe.
    pub fn count(&self, severity: Severity) -> usize {
        let found = self.report.found.iter();
        found.filter(|d| d.severity == severity).count()
    }

    /// The text that a finding is in.
    pub fn text(&self, finding: &Diagnostic) -> Option<&str> {
        let file = &finding.span.as_ref()?.file;
        let mut same = self.sources.iter().filter(|source| source.name == *file);
        same.next().map(|source| source.text.as_str())
    }

    /// The file that the imported policy of a finding came from.
    pub fn file_of(&self, at: usize) -> Option<&str> {
        let policy = self.document.policies.get(self.about.get(at)?.policy?)?;
        Some(&policy.file)
    }

    /// The fixes of the wanted findings in imported policies, proven.
    pub fn fixes(&self, is_wanted: &dyn Fn(usize) -> bool, stop: &dyn Fn() -> bool) -> Fixes {
        let input = fix::Input {
            sources: &self.sources,
            read: &|sources| loaded_from(&self.document, sources),
            ignored: &self.ignored,
            stop,
        };
        let is_imported = |at: usize| self.about.get(at).is_some_and(|a| a.policy.is_some());
        fix::fixes_of(input, &self.report.found, &|at| {
            is_imported(at) && is_wanted(at)
        })
    }

    /// Fixes as one change of the project; none if they change nothing.
    pub fn edit(&self, fixes: &Fixes) -> Option<Edit> {
        let changes = fixes.files.iter().filter_map(|fixed| {
            let id = *self.imported.get(&fixed.file)?;
            let mut policy = self.document.policies.get(id)?.clone();
            policy.text.clone_from(&fixed.after);
            Some(Edit::Change(Item::Policy(id), Thing::Policy(policy)))
        });
        let changes: Vec<Edit> = changes.collect();
        let found = |at: &usize| self.report.found.get(*at);
        let fixed: Vec<&Diagnostic> = fixes.fixable.iter().filter_map(found).collect();
        let codes: BTreeSet<&str> = fixed.iter().map(|d| d.code).collect();
        let codes: Vec<&str> = codes.into_iter().collect();
        let codes = codes.join(", ");
        let title = match fixed.as_slice() {
            [] => return None,
            [one] => format!("Fix {codes} in {}", name_of(one)),
            all => format!("Fix {} findings of {codes}", all.len()),
        };
        (!changes.is_empty()).then_some(Edit::Batch(title, changes))
    }

    /// As the command line reports it.
    pub fn linted<'a>(&'a self, fixable: &'a BTreeSet<usize>) -> Linted<'a> {
        Linted {
            report: &self.report,
            fixable,
            scores: &self.scores,
            left_out: &self.left_out,
        }
    }
}

/// The name of what a finding is about, without its kind: `shop/web`; else its file.
pub fn name_of(finding: &Diagnostic) -> &str {
    let resource = finding.resource.as_deref();
    let name = resource.map(|r| r.split_once(' ').map_or(r, |(_, name)| name));
    let file = || finding.span.as_ref().map(|span| &*span.file);
    name.or_else(file).unwrap_or("the project")
}

/// A message without ` (all.yaml#2:1:1)`: a place in the text of one policy is none in its file.
fn without_places(message: &str, sources: &[Source]) -> String {
    let mut kept = message.to_owned();
    for source in sources {
        let begin = format!(" ({}:", source.name);
        while let Some(at) = kept.find(&begin) {
            let rest = &kept[at + begin.len()..];
            let place = rest.find(|c: char| !c.is_ascii_digit() && c != ':');
            match place {
                Some(end) if rest[end..].starts_with(')') => {
                    kept.replace_range(at..at + begin.len() + end + 1, "");
                }
                _ => break,
            }
        }
    }
    kept
}

fn ignored(entry: &crate::model::IgnoredRule) -> IgnoredHere {
    IgnoredHere {
        rule: entry.rule.clone(),
        place: entry.place.clone(),
        span: None,
    }
}

/// The texts of all policies, each under a name of its own, and the imported ones among them. The second policy of
/// `all.yaml` is `all.yaml#2`.
fn sources(
    document: &Document,
    generated: &Generated,
) -> (Vec<Source>, BTreeMap<Arc<str>, PolicyId>) {
    let written = generated.policies.iter();
    let mut sources: Vec<Source> = written
        .map(|written| Source::new(written.key(), written.text.as_str()))
        .collect();
    let mut names = BTreeMap::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (id, policy) in document.policies.iter() {
        let number = seen.entry(&policy.file).or_default();
        *number += 1;
        let name = match *number {
            1 => policy.file.clone(),
            number => format!("{}#{number}", policy.file),
        };
        let source = Source::new(name, policy.text.as_str());
        names.insert(source.name.clone(), id);
        sources.push(source);
    }
    (sources, names)
}

/// The objects of a project by the words of findings.
struct Items<'a> {
    document: &'a Document,
    /// The workloads that policies select, by their titles.
    selected: BTreeMap<String, BTreeSet<WorkloadId>>,
}

impl<'a> Items<'a> {
    fn of(document: &'a Document, loaded: &Loaded) -> Self {
        let input = lint::Input::of(loaded);
        let workload = |pod: &usize| {
            let found = input.workload_of(*pod)?;
            let namespace = document.namespace_named(&found.namespace)?;
            document.workload_named(namespace, &found.name, &found.kind)
        };
        let mut selected: BTreeMap<String, BTreeSet<WorkloadId>> = BTreeMap::new();
        for (at, policy) in loaded.snapshot.policies.iter().enumerate() {
            let workloads = input.subjects(at).iter().filter_map(workload);
            selected
                .entry(policy.title())
                .or_default()
                .extend(workloads);
        }
        Self { document, selected }
    }

    fn of_finding(&self, finding: &Diagnostic) -> Vec<Item> {
        let Some(resource) = finding.resource.as_deref() else {
            return Vec::new();
        };
        if let Some(workloads) = self.selected.get(resource) {
            return workloads.iter().copied().map(Item::Workload).collect();
        }
        self.object(resource).into_iter().collect()
    }

    fn object(&self, resource: &str) -> Option<Item> {
        let (kind, name) = resource.split_once(' ')?;
        let Some((namespace, name)) = name.split_once('/') else {
            let id = (kind == "Namespace").then(|| self.document.namespace_named(name))??;
            return Some(Item::Namespace(id));
        };
        let namespace = self.document.namespace_named(namespace)?;
        let workload = self.document.workload_named(namespace, name, kind);
        let or_namespace = || Item::Namespace(namespace);
        Some(workload.map_or_else(or_namespace, Item::Workload))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::format;
    use crate::query;

    #[test]
    fn a_message_names_no_place_in_a_text_of_the_project() {
        let sources = [Source::new("a.yaml#2", ""), Source::new("a.yaml", "")];
        let kept = |message| without_places(message, &sources);
        assert_eq!(kept("x (a.yaml#2:1:1) and y (a.yaml:10:2)"), "x and y");
        assert_eq!(
            kept("x (b.yaml:1:1) (a.yaml: no)"),
            "x (b.yaml:1:1) (a.yaml: no)"
        );
    }

    /// The Service's port in place of the pods', twice in one file; a rule that is never read; and an ignored rule.
    const PROJECT: &str = r"format: drawbridge/1
settings: {base: none}
namespaces: [{name: shop}]
workloads:
- {name: web, namespace: shop, labels: {app: web}, ports: [{port: 8080}]}
- {name: db, namespace: shop, labels: {app: db}, ports: [{port: 5432}]}
services:
- {name: web, namespace: shop, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
policies:
- file: all.yaml
  text: |
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: web, namespace: shop}
    spec:
      podSelector: {matchLabels: {app: web}}
      ingress:
      - from: [{podSelector: {}}]
        ports:
        - {port: 80}
- file: all.yaml
  text: |
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {name: out, namespace: shop}
    spec:
      podSelector: {matchLabels: {app: db}}
      policyTypes: [Ingress]
      egress: [{ports: [{port: 443}]}]
";

    fn audit(document: &Document) -> Audit {
        Audit::of(&query::check(document), &|| false).unwrap()
    }

    fn project() -> Document {
        format::read(PROJECT, "project").unwrap().0
    }

    fn place(audit: &Audit, code: &str) -> usize {
        let mut found = audit.report.found.iter();
        let at = found.position(|d| d.code == code);
        at.unwrap_or_else(|| panic!("{code} in {:?}", audit.report.found))
    }

    #[test]
    fn policies_of_one_file_are_told_apart() {
        let document = project();
        let audit = audit(&document);
        let ids: Vec<_> = document.policies.ids().collect();
        for (code, file, id) in [("L07", "all.yaml", ids[0]), ("L15", "all.yaml#2", ids[1])] {
            let at = place(&audit, code);
            let span = audit.report.found[at].span.as_ref().unwrap();
            assert_eq!((&*span.file, audit.about[at].policy), (file, Some(id)));
            assert_eq!(audit.about[at].namespace.as_deref(), Some("shop"));
        }
    }

    #[test]
    fn a_finding_shows_what_its_policy_selects() {
        let document = project();
        let audit = audit(&document);
        let items = &audit.about[place(&audit, "L07")].items;
        let names: Vec<_> = items.iter().map(|item| document.item_name(*item)).collect();
        assert_eq!(names, ["web"]);
    }

    #[test]
    fn a_fix_changes_the_text_of_its_policy_alone() {
        let mut document = project();
        let before = document.clone();
        let audit = audit(&document);
        let at = place(&audit, "L15");
        let fixes = audit.fixes(&|one| one == at, &|| false);
        let edit = audit.edit(&fixes).unwrap();
        assert_eq!(edit.name(&document), "Fix L15 in shop/out");
        edit.apply(&mut document).unwrap();
        let texts = |of: &Document| -> Vec<String> {
            of.policies.iter().map(|(_, p)| p.text.clone()).collect()
        };
        let (old, new) = (texts(&before), texts(&document));
        assert_eq!(new[0], old[0]);
        assert_eq!(new[1], old[1].replace("[Ingress]", "[Ingress, Egress]"));
        let after = self::audit(&document);
        assert!(after.report.found.iter().all(|d| d.code != "L15"));
    }

    #[test]
    fn all_fixes_of_a_rule_are_one_change() {
        let document = project();
        let audit = audit(&document);
        let fixes = audit.fixes(&|_| true, &|| false);
        let fixed: Vec<_> = fixes
            .fixable
            .iter()
            .map(|at| audit.report.found[*at].code)
            .collect();
        assert!(
            fixed.contains(&"L07") && fixed.contains(&"L15"),
            "{fixed:?}"
        );
        let Some(Edit::Batch(_, changes)) = audit.edit(&fixes) else {
            panic!("a change");
        };
        assert_eq!(changes.len(), 2);
    }

    #[test]
    fn ignored_findings_are_left_out_and_counted() {
        let mut document = project();
        let before = audit(&document);
        let rule = crate::model::IgnoredRule {
            rule: "L15".into(),
            place: Some("shop/out".into()),
            reason: "ours".into(),
            unknown: crate::model::Unknown::new(),
        };
        Edit::Ignore(rule).apply(&mut document).unwrap();
        let after = audit(&document);
        assert!(after.report.found.iter().all(|d| d.code != "L15"));
        assert_eq!(after.report.ignored, before.report.ignored + 1);
    }

    #[test]
    fn an_audit_that_is_cancelled_has_no_answer() {
        assert!(Audit::of(&query::check(&project()), &|| true).is_none());
    }
}
