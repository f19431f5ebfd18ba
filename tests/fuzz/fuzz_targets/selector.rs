//! Any text is read as a selector of Calico's language without a panic, and what is accepted is accepted in parentheses
//! and negated, too.
#![no_main]

use drawbridge::cluster::Enforcer;
use drawbridge::diag::Severity;
use drawbridge::manifest::{self, Source};
use drawbridge::dialect;
use libfuzzer_sys::fuzz_target;

/// The most characters of a selector; those of the parentheses count.
const LONGEST: usize = 1024 - 3;

fuzz_target!(|text: &str| {
    let blank = text.trim_matches([' ', '\t']).is_empty();
    if text.chars().count() > LONGEST || blank {
        return;
    }
    if is_accepted(text) {
        assert!(is_accepted(&format!("({text})")), "{text:?}");
        assert!(is_accepted(&format!("!({text})")), "{text:?}");
    }
});

fn is_accepted(selector: &str) -> bool {
    let text = format!(
        "{{apiVersion: projectcalico.org/v3, kind: GlobalNetworkPolicy, metadata: {{name: p}}, spec: {{selector: {}}}}}",
        json_text(selector)
    );
    let sources = [Source::new("fuzz.yaml", text.as_str())];
    let read = manifest::read(&sources, &dialect::kinds(Enforcer::Calico));
    let mut policies = read.policies.iter();
    let errors = policies.next().map(|object| {
        let found = dialect::read(object).diagnostics;
        found.iter().filter(|d| d.severity == Severity::Error).count()
    });
    errors == Some(0)
}

/// A text in double quotes, for YAML.
fn json_text(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() || !c.is_ascii() => format!("\\U{:08X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}
