//! The lessons: five classic mistakes, each a small project whose policy is wrong. Their steps are ticked by what
//! the Document and the proof are, not by clicks.

use std::path::PathBuf;

use super::command::Command;
use crate::model::{Document, Edit, FlowId, Item, PolicyId, Thing};
use crate::proof::State;
use crate::query::Results;

/// One mistake.
pub struct Lesson {
    /// What it is called.
    pub title: &'static str,
    /// The project, in which a policy was edited by hand.
    pub project: &'static str,
    /// The flow that the policy is for.
    flow: &'static str,
    /// The connection that shows the mistake: source, destination, port.
    shown: [&'static str; 3],
    /// What is wrong in the text of the policy, and what is right.
    fix: [&'static str; 2],
    /// The button that fixes it.
    pub fix_button: &'static str,
    /// What each step says.
    pub steps: [&'static str; 4],
}

/// The names of the steps.
pub const STEPS: [&str; 4] = ["See it", "See why", "Fix it", "Proven"];

/// All lessons, in order.
pub const LESSONS: [Lesson; 5] = [
    Lesson {
        title: "namespaceSelector left out",
        project: include_str!("../../assets/lessons/namespace-selector.drawbridge.yaml"),
        flow: "prometheus to web",
        shown: ["monitoring/prometheus", "shop/web", "TCP/9090"],
        fix: [
            "    - podSelector:\n",
            "    - namespaceSelector:\n        matchLabels:\n          kubernetes.io/metadata.name: monitoring\n      podSelector:\n",
        ],
        fix_button: "Add the namespaceSelector",
        steps: [
            "Prometheus should read the metrics of web, but the flow is red. Select it.",
            "A podSelector alone means pods of the policy's own namespace, shop. Prometheus runs in monitoring.",
            "Name the namespace beside the labels, in the same item.",
            "The proof turns green: exactly this flow is allowed.",
        ],
    },
    Lesson {
        title: "DNS forgotten",
        project: include_str!("../../assets/lessons/dns.drawbridge.yaml"),
        flow: "web to coredns",
        shown: ["shop/web", "kube-system/coredns", "UDP/53"],
        fix: [
            "      port: 8080\n",
            "      port: 8080\n  - to:\n    - namespaceSelector:\n        matchLabels:\n          kubernetes.io/metadata.name: kube-system\n      podSelector:\n        matchLabels:\n          k8s-app: kube-dns\n    ports:\n    - protocol: UDP\n      port: 53\n    - protocol: TCP\n      port: 53\n",
        ],
        fix_button: "Allow DNS",
        steps: [
            "web may connect to api, but cannot resolve its name: the flow to coredns is red. Select it.",
            "The policy isolates the egress of web and lists only api. A DNS query is a connection like any other.",
            "Allow UDP 53 and TCP 53 to the DNS pods. Answers that are too long for UDP come by TCP.",
            "The proof turns green: web finds api and reaches it.",
        ],
    },
    Lesson {
        title: "ipBlock for a pod",
        project: include_str!("../../assets/lessons/ip-block.drawbridge.yaml"),
        flow: "web to db",
        shown: ["shop/web", "shop/db", "TCP/5432"],
        fix: [
            "    - ipBlock:\n        cidr: 10.244.1.7/32\n",
            "    - podSelector:\n        matchLabels:\n          app: web\n",
        ],
        fix_button: "Select the pods by label",
        steps: [
            "The policy of db lists the address that web has today, but the flow is red. Select it.",
            "An ipBlock is for addresses outside the cluster. Pods get new addresses, and plugins may not match them by ipBlock at all.",
            "Select the pods of web by their label.",
            "The proof turns green, whatever address the pods of web have.",
        ],
    },
    Lesson {
        title: "The extra dash",
        project: include_str!("../../assets/lessons/extra-dash.drawbridge.yaml"),
        flow: "prometheus to web",
        shown: ["monitoring/grafana", "shop/web", "TCP/9090"],
        fix: ["    - podSelector:\n", "      podSelector:\n"],
        fix_button: "Remove the dash",
        steps: [
            "Only Prometheus should read the metrics of web, but the flow is too wide. Select it.",
            "Each dash begins an alternative: all pods of monitoring, or pods of shop with app=prometheus. So grafana gets in.",
            "Without the second dash both selectors are one item, and a pod must match both.",
            "The proof turns green: grafana is kept out.",
        ],
    },
    Lesson {
        title: "Empty is not nothing",
        project: include_str!("../../assets/lessons/empty-or-missing.drawbridge.yaml"),
        flow: "web to db",
        shown: ["reports/report", "shop/db", "TCP/5432"],
        fix: ["  - from: []\n", ""],
        fix_button: "Remove the empty from",
        steps: [
            "Only web should reach db, but the flow is too wide. Select it.",
            "from: [] means the same as no from at all: everyone. podSelector: {} means every pod, and only a policy without rules allows nobody.",
            "Remove the rule. What no rule allows is denied already, because the policy isolates db.",
            "The proof turns green: report is kept out.",
        ],
    },
];

/// The open lesson.
#[derive(Debug)]
pub struct LessonView {
    /// Its place in [`LESSONS`].
    pub number: usize,
    /// The project that was open before, to go back to.
    pub back: Option<PathBuf>,
    /// The text of the policy as the lesson began.
    wrong: String,
    /// The wrong flow was selected.
    seen: bool,
    /// The wrong connection was explained.
    explained: bool,
}

impl LessonView {
    /// A lesson whose policy had this text as it began.
    pub fn new(number: usize, wrong: String, back: Option<PathBuf>) -> Self {
        Self {
            number,
            back,
            wrong,
            seen: false,
            explained: false,
        }
    }

    /// Notes that the wrong flow was selected, or the wrong connection explained.
    pub fn note(&mut self, seen: bool, explained: bool) {
        self.seen |= seen;
        self.explained |= explained;
    }

    /// The lesson.
    pub fn lesson(&self) -> &'static Lesson {
        &LESSONS[self.number.min(LESSONS.len() - 1)]
    }

    /// The next lesson, if there is one.
    pub fn next(&self) -> Option<usize> {
        (self.number + 1 < LESSONS.len()).then_some(self.number + 1)
    }

    /// Which steps are done.
    pub fn done(&self, document: &Document, results: &Results) -> [bool; 4] {
        let is_wrong = |text: &str| text == self.wrong;
        let is_fixed = !document.policies.iter().any(|(_, p)| is_wrong(&p.text));
        let is_proven = results.document == *document
            && results.proof.state == State::Exact
            && results.broken() == 0;
        [self.seen, self.explained, is_fixed, is_fixed && is_proven]
    }

    /// The flow that the lesson is about.
    pub fn flow(&self, document: &Document) -> Option<FlowId> {
        let name = self.lesson().flow;
        document
            .flows
            .ids()
            .find(|id| document.flow_name(*id) == name)
    }

    /// The question that shows the mistake.
    pub fn question(&self) -> Command {
        let [from, to, port] = self.lesson().shown.map(str::to_owned);
        Command::Why { from, to, port }
    }

    /// The edit that corrects the policy; none if there is nothing to correct.
    pub fn fix(&self, document: &Document) -> Option<Edit> {
        let [wrong, right] = self.lesson().fix;
        let text = self.wrong.replacen(wrong, right, 1);
        let differs = |id: &PolicyId| document.policies.get(*id).is_some_and(|p| p.text != text);
        let id = document.policies.ids().find(differs)?;
        let mut policy = document.policies.get(id)?.clone();
        let title = format!("Fix {}", policy.file);
        policy.text = text;
        let change = Edit::Change(Item::Policy(id), Thing::Policy(policy));
        Some(Edit::Batch(title, vec![change]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::format;
    use crate::proof::Verdict;
    use crate::query::check;

    #[test]
    fn each_lesson_is_wrong_before_its_fix_and_proven_after_it() {
        for (number, lesson) in LESSONS.iter().enumerate() {
            let (mut document, diagnostics) =
                format::read(lesson.project, "lesson").expect("a project");
            assert_eq!(diagnostics, [], "{}", lesson.title);
            let (_, policy) = document.policies.iter().next().expect("a policy");
            let view = LessonView::new(number, policy.text.clone(), None);
            let before = check(&document);
            assert_eq!(
                view.done(&document, &before),
                [false; 4],
                "{}",
                lesson.title
            );
            let flow = view.flow(&document).expect("its flow");
            assert_ne!(
                before.proof.verdicts[&flow],
                Verdict::Exact,
                "{}",
                lesson.title
            );
            let fix = view.fix(&document).expect("its fix");
            fix.apply(&mut document).expect("an edit");
            let after = check(&document);
            assert_eq!(
                view.done(&document, &after)[2..],
                [true; 2],
                "{}",
                lesson.title
            );
            assert!(
                view.fix(&document).is_none(),
                "there is nothing left to fix"
            );
        }
    }

    #[test]
    fn a_step_is_at_most_two_sentences() {
        for step in LESSONS.iter().flat_map(|lesson| lesson.steps) {
            let sentences = step.matches(". ").count() + 1;
            assert!(sentences <= 2 && step.ends_with('.'), "{step}");
        }
    }
}
