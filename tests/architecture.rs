//! The rules of the architecture: who may know whom, and what must not be anywhere. `src/lib.rs` says why.
//!
//! A rule that fails names the file, the line and the way out. The allowances below are part of the
//! rules: each has a reason.

#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/lexer.rs"]
mod lexer;
#[path = "architecture/oracle.rs"]
mod oracle;
#[path = "architecture/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::path::Path;

use source::SourceFile;

/// Each module with the modules it may use, from left to right: what is not listed is forbidden.
const MODULES: &[(&str, &[&str])] = &[
    ("diag", &[]),
    ("sets", &[]),
    ("yaml", &["diag"]),
    ("policy", &["diag", "sets"]),
    ("cluster", &["diag", "sets", "policy"]),
    ("manifest", &["diag", "sets", "yaml", "policy", "cluster"]),
    ("dialect", &["diag", "sets", "yaml", "policy", "cluster"]),
    ("analysis", &["diag", "sets", "policy", "cluster"]),
    ("model", &["diag", "sets", "yaml", "policy", "cluster"]),
    (
        "load",
        &[
            "diag", "sets", "yaml", "policy", "cluster", "manifest", "dialect", "analysis", "model",
        ],
    ),
    (
        "lint",
        &[
            "diag", "sets", "yaml", "policy", "cluster", "manifest", "dialect", "load", "analysis",
        ],
    ),
    ("plan", &["diag", "sets", "policy", "cluster", "model"]),
    ("intent", &["diag", "sets", "policy", "cluster", "model"]),
    ("proof", PROOF),
    ("import", ANSWERS),
    ("adopt", ANSWERS),
    ("query", QUERIES),
    ("scene", &["diag", "sets", "policy", "cluster", "model"]),
    (
        "project",
        &[
            "diag", "sets", "yaml", "policy", "cluster", "manifest", "dialect", "model",
        ],
    ),
    ("report", REPORT),
    ("cli", BELOW),
    ("app", BELOW),
    ("main", &["app", "cli"]),
    ("lib", &[]),
];

/// What the proof may use.
const PROOF: &[&str] = &[
    "diag", "sets", "yaml", "policy", "cluster", "manifest", "dialect", "load", "analysis",
    "model", "plan", "intent",
];

/// What import and adopt may use.
const ANSWERS: &[&str] = &[
    "diag", "sets", "yaml", "policy", "cluster", "manifest", "dialect", "load", "analysis",
    "model", "plan", "intent", "proof",
];

/// What the questions may use.
const QUERIES: &[&str] = &[
    "diag", "sets", "yaml", "policy", "cluster", "manifest", "dialect", "load", "lint", "analysis",
    "model", "plan", "intent", "proof", "import", "adopt",
];

/// What the output formats may use.
const REPORT: &[&str] = &[
    "diag", "sets", "yaml", "policy", "cluster", "manifest", "dialect", "load", "analysis",
    "model", "plan", "intent", "proof", "import", "adopt", "query", "lint", "project",
];

/// Everything below the two faces of the program.
const BELOW: &[&str] = &[
    "diag", "sets", "yaml", "policy", "cluster", "manifest", "dialect", "load", "analysis",
    "model", "plan", "intent", "proof", "import", "adopt", "query", "lint", "scene", "project",
    "report",
];

/// Words that only some places may say: the words, where they may stand, and why.
const ABSENT: &[Absence] = &[
    Absence {
        words: &["std", "::", "fs"],
        allowed_in: OUTSIDE_WORLD,
        why: "files belong to `project::files`",
    },
    Absence {
        words: &["std", "::", "env"],
        allowed_in: OUTSIDE_WORLD,
        why: "the environment belongs to `project::files`",
    },
    Absence {
        words: &["std", "::", "process"],
        allowed_in: &["cli/", "app/", "main.rs"],
        why: "only the two faces end or start processes",
    },
    Absence {
        words: &["SystemTime"],
        allowed_in: OUTSIDE_WORLD,
        why: "answers must be repeatable: no clock",
    },
    Absence {
        words: &["Instant"],
        allowed_in: OUTSIDE_WORLD,
        why: "answers must be repeatable: take a time as an argument",
    },
    Absence {
        words: &["stdin"],
        allowed_in: OUTSIDE_WORLD,
        why: "standard input belongs to `project::files`",
    },
    Absence {
        words: &["println"],
        allowed_in: &["cli/", "main.rs"],
        why: "return text; the command line prints it",
    },
    Absence {
        words: &["print"],
        allowed_in: &["cli/", "main.rs"],
        why: "return text; the command line prints it",
    },
    Absence {
        words: &["eprintln"],
        allowed_in: &["cli/", "main.rs", "app/mod.rs"],
        why: "return a Diagnostic",
    },
    Absence {
        words: &["TcpStream"],
        allowed_in: &[],
        why: "Drawbridge talks to no network",
    },
    Absence {
        words: &["UdpSocket"],
        allowed_in: &[],
        why: "Drawbridge talks to no network",
    },
    Absence {
        words: &["TcpListener"],
        allowed_in: &[],
        why: "Drawbridge talks to no network",
    },
    Absence {
        words: &["egui"],
        allowed_in: &["app/"],
        why: "only the window knows its toolkit",
    },
    Absence {
        words: &["eframe"],
        allowed_in: &["app/"],
        why: "only the window knows its toolkit",
    },
    Absence {
        words: &["egui_extras"],
        allowed_in: &["app/"],
        why: "only the window knows its toolkit",
    },
    Absence {
        words: &["egui_graphs"],
        allowed_in: &["app/"],
        why: "only the window knows its toolkit",
    },
    Absence {
        words: &["egui_phosphor"],
        allowed_in: &["app/"],
        why: "only the window knows its toolkit",
    },
    Absence {
        words: &["rfd"],
        allowed_in: &["app/"],
        why: "only the window opens dialogs",
    },
    Absence {
        words: &["clap"],
        allowed_in: &["cli/"],
        why: "only the command line parses arguments",
    },
    Absence {
        words: &["indicatif"],
        allowed_in: &["cli/"],
        why: "only the command line shows progress",
    },
    Absence {
        words: &["dbg"],
        allowed_in: &[],
        why: "left over from debugging",
    },
    Absence {
        words: &["set_hook"],
        allowed_in: &[],
        why: "the panic hook belongs to the process",
    },
    Absence {
        words: &["serde_yaml"],
        allowed_in: &["yaml/plain.rs"],
        why: "YAML is read by `yaml::parse` alone, and values come from `yaml::plain`",
    },
    Absence {
        words: &["unsafe"],
        allowed_in: &[],
        why: "nothing here needs it",
    },
];

const OUTSIDE_WORLD: &[&str] = &[
    "project/files.rs",
    "project/files/",
    "project/sources.rs",
    "cli/",
    "app/",
    "main.rs",
];

/// Words that one module must not say at all: analysis answers from lowered policies alone.
const ABSENT_IN: &[(&str, &[&str], &str)] = &[
    (
        "analysis",
        &[
            "serde_yaml",
            "libyaml_safer",
            "k8s_openapi",
            "Dialect",
            "Enforcer",
        ],
        "lowering already chose tiers, order and isolation",
    ),
    (
        "sets",
        &["serde_yaml", "libyaml_safer", "k8s_openapi"],
        "the algebra knows no Kubernetes",
    ),
    (
        "scene",
        &["serde_yaml", "libyaml_safer", "k8s_openapi"],
        "a picture is made from a Document",
    ),
    (
        "model",
        &["libyaml_safer", "k8s_openapi"],
        "a Document is independent of its file",
    ),
];

/// Modules of `dialect` that more than one dialect uses; each other module there is one.
const SHARED_BY_DIALECTS: &[&str] = &["cidr", "fields", "metadata", "names", "refusal", "selector"];

/// Calls that panic, with the one place each that may (file, part of the line, reason).
const PANICS: &[&[&str]] = &[
    &[".", "unwrap", "("],
    &[".", "expect", "("],
    &["panic", "!"],
    &["todo", "!"],
    &["unimplemented", "!"],
    &["unreachable", "!"],
];
const PANICS_ALLOWED: &[(&str, &str, &str)] = &[];

/// Loops over a hash map whose order nobody can see (file, part of the line, reason).
const HASH_ITERATIONS_ALLOWED: &[(&str, &str, &str)] = &[(
    "analysis/space/extents.rs",
    "&self.by_value",
    "it fills a set",
)];

/// Longest file, in lines that are not tests. 400 is where one looks for a second idea in it.
const LONGEST_FILE: usize = 800;

/// A pattern of words and marks, and the only places it may stand.
struct Absence {
    words: &'static [&'static str],
    allowed_in: &'static [&'static str],
    why: &'static str,
}

fn sources() -> Vec<SourceFile> {
    let files = source::read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(files.len() > 20, "the sources were not found");
    files
}

fn verdict(rule: &str, violations: &[String]) {
    assert!(
        violations.is_empty(),
        "{rule}\n  {}\n",
        violations.join("\n  ")
    );
}

fn is_in(path: &str, places: &[&str]) -> bool {
    places
        .iter()
        .any(|place| path == *place || (place.ends_with('/') && path.starts_with(place)))
}

#[test]
fn rooms_know_only_whom_they_may() {
    let mut violations = Vec::new();
    for file in sources() {
        let Some((_, allowed)) = MODULES.iter().find(|(module, _)| *module == file.module) else {
            violations.push(format!(
                "src/{}: `{}` is no module; add it to MODULES and to src/lib.rs",
                file.path, file.module
            ));
            continue;
        };
        for import in file.imports() {
            let known = import.module == file.module || allowed.contains(&import.module.as_str());
            if !known {
                violations.push(format!(
                    "src/{}:{}: `{}` must not know `{}`: {}",
                    file.path,
                    import.line,
                    file.module,
                    import.module,
                    file.line(import.line)
                ));
            }
        }
    }
    verdict(
        "who may import whom (move the code, or hand the value in as an argument):",
        &violations,
    );
}

#[test]
fn rooms_form_layers() {
    // Each module stands below the modules that know it, so nothing can know itself through another.
    let order: Vec<&str> = MODULES.iter().map(|(module, _)| *module).collect();
    for (index, (module, known)) in MODULES.iter().enumerate() {
        for other in *known {
            let place = order.iter().position(|name| name == other);
            let below = place.is_some_and(|place| place < index) || *module == "main";
            assert!(
                below,
                "`{module}` may know `{other}`, which does not stand below it"
            );
        }
    }
}

/// The window's panels still share its one state; everywhere else files use each other in one direction.
#[test]
fn no_files_use_each_other_in_a_circle() {
    let mut files = sources();
    files.retain(|file| file.module != "app");
    let found = circles::circles(&files);
    let found: Vec<String> = found.iter().map(|group| group.join(", ")).collect();
    verdict(
        "files that use each other in a circle (move what both need)",
        &found,
    );
}

#[test]
fn the_outside_world_stays_outside() {
    let mut violations = Vec::new();
    for file in sources() {
        for rule in ABSENT
            .iter()
            .filter(|rule| !is_in(&file.path, rule.allowed_in))
        {
            for line in file.lines_with(rule.words) {
                let words = rule.words.concat();
                violations.push(format!("src/{}:{line}: `{words}`: {}", file.path, rule.why));
            }
        }
        for (module, words, why) in ABSENT_IN
            .iter()
            .filter(|(module, ..)| *module == file.module)
        {
            for word in *words {
                for line in file.lines_with(&[word]) {
                    violations.push(format!(
                        "src/{}:{line}: `{word}` in `{module}`: {why}",
                        file.path
                    ));
                }
            }
        }
    }
    verdict("words that must not stand here:", &violations);
}

#[test]
fn dialects_are_reached_through_the_registry() {
    let files = sources();
    let modules = files.iter().filter_map(|file| {
        let below = file.path.strip_prefix("dialect/")?;
        Some(below.split('/').next()?.trim_end_matches(".rs"))
    });
    let dialects: BTreeSet<&str> = modules
        .filter(|module| *module != "mod" && !SHARED_BY_DIALECTS.contains(module))
        .collect();
    assert!(dialects.contains("network_policy"), "{dialects:?}");
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.module != "dialect") {
        let named = dialects.iter().flat_map(|name| file.lines_with(&[name]));
        violations
            .extend(named.map(|line| format!("src/{}:{line}: {}", file.path, file.line(line))));
    }
    verdict(
        "no module but `dialect` names a dialect (use `dialect::kinds`, `read`, `write` and `tiers`):",
        &violations,
    );
}

#[test]
fn nothing_panics_on_input() {
    let mut violations = Vec::new();
    let mut used = BTreeSet::new();
    for file in sources() {
        for pattern in PANICS {
            for line in file.lines_with(pattern) {
                let allowed = PANICS_ALLOWED.iter().position(|(path, part, _)| {
                    *path == file.path && file.line(line).contains(part)
                });
                match allowed {
                    Some(index) => {
                        used.insert(index);
                    }
                    None => {
                        violations.push(format!("src/{}:{line}: {}", file.path, file.line(line)))
                    }
                }
            }
        }
    }
    for (index, (path, part, _)) in PANICS_ALLOWED.iter().enumerate() {
        if !used.contains(&index) {
            violations.push(format!(
                "PANICS_ALLOWED has `{path}` with `{part}`, which is not there any more"
            ));
        }
    }
    verdict(
        "calls that can panic (return a Diagnostic, or handle the case):",
        &violations,
    );
}

#[test]
fn nothing_iterates_over_a_hash_map() {
    let mut violations = Vec::new();
    for file in sources() {
        for line in file.hash_iterations() {
            let allowed = HASH_ITERATIONS_ALLOWED
                .iter()
                .any(|(path, part, _)| *path == file.path && file.line(line).contains(part));
            if !allowed {
                violations.push(format!("src/{}:{line}: {}", file.path, file.line(line)));
            }
        }
    }
    verdict(
        "a hash map has no order (use a BTreeMap, or sort and say so in HASH_ITERATIONS_ALLOWED):",
        &violations,
    );
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut violations = Vec::new();
    for file in sources() {
        if file.code_lines > LONGEST_FILE {
            violations.push(format!(
                "src/{}: {} lines; split it by concept",
                file.path, file.code_lines
            ));
        }
        if !file
            .lines
            .first()
            .is_some_and(|line| line.starts_with("//!"))
        {
            violations.push(format!(
                "src/{}: its first line does not say what it is (`//! ...`)",
                file.path
            ));
        }
    }
    verdict("files:", &violations);
}

#[test]
fn every_code_has_a_page() {
    let known: BTreeSet<&str> = drawbridge::lint::codes().into_iter().collect();
    let mut found = BTreeSet::new();
    let mut violations = Vec::new();
    for file in sources() {
        for (code, line) in file.codes() {
            if !known.contains(code.as_str()) {
                violations.push(format!("src/{}:{line}: `{code}`", file.path));
            }
            found.insert(code);
        }
    }
    for code in ["V9", "W4", "L35", "crd", "project-format", "file"] {
        assert!(found.contains(code), "`{code}` was not found: {found:?}");
    }
    verdict(
        "codes without a page for `lint --explain` (write one in the manual.md beside the code):",
        &violations,
    );
}
