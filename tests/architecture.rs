//! The rules of the architecture: which module may use which, and which code is restricted to some places.
//! `src/lib.rs` has the reasons.
//!
//! A failing rule prints the file, the line and the fix. The exceptions below are part of the rules; each has
//! a reason.

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

/// Each module with the modules it may use; all others are forbidden. A module comes after those it uses.
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
    (
        "fix",
        &[
            "diag", "sets", "yaml", "policy", "cluster", "manifest", "dialect", "load", "analysis",
            "lint",
        ],
    ),
    ("plan", &["diag", "sets", "policy", "cluster", "model"]),
    ("intent", &["diag", "sets", "policy", "cluster", "model"]),
    ("proof", PROOF),
    ("import", ANSWERS),
    ("adopt", ANSWERS),
    ("convert", ANSWERS),
    ("suggest", ANSWERS),
    ("query", QUERIES),
    ("observe", OBSERVED),
    ("scene", &["diag", "sets", "policy", "cluster", "model"]),
    ("picture", &["diag", "model", "proof", "query", "scene"]),
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

/// What import, adopt and convert may use.
const ANSWERS: &[&str] = &[
    "diag", "sets", "yaml", "policy", "cluster", "manifest", "dialect", "load", "analysis",
    "model", "plan", "intent", "proof",
];

/// What the queries may use.
const QUERIES: &[&str] = &[
    "diag", "sets", "yaml", "policy", "cluster", "manifest", "dialect", "load", "lint", "analysis",
    "model", "plan", "intent", "proof", "import", "adopt",
];

/// What recorded traffic may use.
const OBSERVED: &[&str] = &[
    "diag", "sets", "policy", "cluster", "dialect", "analysis", "model", "proof", "suggest",
    "query",
];

/// What the output formats may use.
const REPORT: &[&str] = &[
    "diag", "sets", "yaml", "policy", "cluster", "manifest", "dialect", "load", "analysis",
    "model", "plan", "intent", "proof", "import", "adopt", "convert", "suggest", "query", "lint",
    "project", "observe",
];

/// Everything below the command line and the window.
const BELOW: &[&str] = &[
    "diag", "sets", "yaml", "policy", "cluster", "manifest", "dialect", "load", "analysis",
    "model", "plan", "intent", "proof", "import", "adopt", "convert", "suggest", "query", "lint",
    "fix", "scene", "picture", "project", "observe", "report",
];

/// Code that only some places may contain: the tokens, the places, and why.
const ABSENT: &[Absence] = &[
    Absence {
        words: &["std", "::", "fs"],
        allowed_in: OUTSIDE_WORLD,
        why: "only `project::files` and `project::sources` access files",
    },
    Absence {
        words: &["std", "::", "env"],
        allowed_in: OUTSIDE_WORLD,
        why: "only `project::files` reads the environment",
    },
    Absence {
        words: &["std", "::", "process"],
        allowed_in: &[
            "cli/",
            "app/",
            "main.rs",
            "project/sources/kustomize/build.rs",
        ],
        why: "only the command line and the window start processes or exit, and what they ask for to build Kustomize folders",
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
        why: "only `project::files` and `project::sources` read standard input",
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
        why: "Drawbridge does not use the network",
    },
    Absence {
        words: &["UdpSocket"],
        allowed_in: &[],
        why: "Drawbridge does not use the network",
    },
    Absence {
        words: &["TcpListener"],
        allowed_in: &[],
        why: "Drawbridge does not use the network",
    },
    Absence {
        words: &["egui"],
        allowed_in: &["app/"],
        why: "only the window uses its toolkit",
    },
    Absence {
        words: &["eframe"],
        allowed_in: &["app/"],
        why: "only the window uses its toolkit",
    },
    Absence {
        words: &["egui_extras"],
        allowed_in: &["app/"],
        why: "only the window uses its toolkit",
    },
    Absence {
        words: &["egui_graphs"],
        allowed_in: &["app/"],
        why: "only the window uses its toolkit",
    },
    Absence {
        words: &["egui_phosphor"],
        allowed_in: &["app/"],
        why: "only the window uses its toolkit",
    },
    Absence {
        words: &["rfd"],
        allowed_in: &["app/"],
        why: "only the window opens dialogs",
    },
    Absence {
        words: &["resvg"],
        allowed_in: &["picture/png.rs"],
        why: "only `picture` draws pixels without a window",
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
        why: "a library must not set the panic hook",
    },
    Absence {
        words: &["serde_yaml"],
        allowed_in: &["yaml/plain.rs"],
        why: "only `yaml::parse` reads YAML, and values come from `yaml::plain`",
    },
    Absence {
        words: &["unsafe"],
        allowed_in: &[],
        why: "no code needs it",
    },
];

const OUTSIDE_WORLD: &[&str] = &[
    "project/files.rs",
    "project/files/",
    "project/sources.rs",
    "project/sources/",
    "cli/",
    "app/",
    "main.rs",
];

/// Identifiers that one module must not use: analysis reads only lowered policies, for example.
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
        "the set algebra does not depend on Kubernetes",
    ),
    (
        "scene",
        &["serde_yaml", "libyaml_safer", "k8s_openapi"],
        "a scene is made from a Document",
    ),
    (
        "model",
        &["libyaml_safer", "k8s_openapi"],
        "a Document is independent of its file",
    ),
];

/// Modules of `dialect` that several dialects share; every other module there is a dialect.
const SHARED_BY_DIALECTS: &[&str] = &[
    "approximate",
    "cidr",
    "context",
    "fields",
    "metadata",
    "names",
    "refusal",
    "selector",
    "writing",
];

/// Calls that panic, and the lines that may contain them (file, part of the line, reason).
const PANICS: &[&[&str]] = &[
    &[".", "unwrap", "("],
    &[".", "expect", "("],
    &["panic", "!"],
    &["todo", "!"],
    &["unimplemented", "!"],
    &["unreachable", "!"],
];
const PANICS_ALLOWED: &[(&str, &str, &str)] = &[];

/// Loops over a hash map whose order does not affect the result (file, part of the line, reason).
const HASH_ITERATIONS_ALLOWED: &[(&str, &str, &str)] = &[
    (
        "analysis/space/extents.rs",
        "&self.by_value",
        "it fills a set",
    ),
    (
        "intent/future_pods/known.rs",
        "self.seen.retain",
        "it counts down, in any order",
    ),
    (
        "observe/tuples.rs",
        "numbers.into_iter()",
        "they are sorted next",
    ),
];

/// The maximal length of a file, in lines without tests. Consider splitting a file of more than 400 lines.
const LONGEST_FILE: usize = 800;

/// A sequence of tokens, and the only places that may contain it.
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

fn assert_none(rule: &str, violations: &[String]) {
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
fn modules_use_only_allowed_modules() {
    let mut violations = Vec::new();
    for file in sources() {
        let Some((_, allowed)) = MODULES.iter().find(|(module, _)| *module == file.module) else {
            violations.push(format!(
                "src/{}: `{}` is not in MODULES; add it there and to src/lib.rs",
                file.path, file.module
            ));
            continue;
        };
        for import in file.imports() {
            let is_allowed =
                import.module == file.module || allowed.contains(&import.module.as_str());
            if !is_allowed {
                violations.push(format!(
                    "src/{}:{}: `{}` must not use `{}`: {}",
                    file.path,
                    import.line,
                    file.module,
                    import.module,
                    file.line(import.line)
                ));
            }
        }
    }
    assert_none(
        "forbidden imports (move the code, or pass the value as an argument):",
        &violations,
    );
}

#[test]
fn modules_form_layers() {
    // Each module comes before the modules that use it, so there are no cycles.
    let order: Vec<&str> = MODULES.iter().map(|(module, _)| *module).collect();
    for (index, (module, known)) in MODULES.iter().enumerate() {
        for other in *known {
            let place = order.iter().position(|name| name == other);
            let below = place.is_some_and(|place| place < index) || *module == "main";
            assert!(
                below,
                "`{module}` may use `{other}`, which does not come before it"
            );
        }
    }
}

/// Files use each other in one direction.
#[test]
fn files_have_no_dependency_cycles() {
    let found = circles::circles(&sources());
    let found: Vec<String> = found.iter().map(|group| group.join(", ")).collect();
    assert_none(
        "files that use each other in a circle (move what both need)",
        &found,
    );
}

#[test]
fn restricted_code_is_only_where_allowed() {
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
    assert_none("code that is not allowed here:", &violations);
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
    assert_none(
        "no module but `dialect` names a dialect (use `dialect::kinds`, `read`, `write` and `tiers`):",
        &violations,
    );
}

#[test]
fn library_code_does_not_panic() {
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
                "PANICS_ALLOWED has `{path}` with `{part}`, which no longer exists"
            ));
        }
    }
    assert_none(
        "calls that can panic (return a Diagnostic, or handle the case):",
        &violations,
    );
}

#[test]
fn no_hash_map_is_iterated() {
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
    assert_none(
        "a hash map has no order (use a BTreeMap, or sort and say so in HASH_ITERATIONS_ALLOWED):",
        &violations,
    );
}

#[test]
fn files_are_short_and_documented() {
    let mut violations = Vec::new();
    for file in sources() {
        if file.code_lines > LONGEST_FILE {
            violations.push(format!(
                "src/{}: {} lines; split it",
                file.path, file.code_lines
            ));
        }
        if !file
            .lines
            .first()
            .is_some_and(|line| line.starts_with("//!"))
        {
            violations.push(format!(
                "src/{}: the first line is not a module comment (`//! ...`)",
                file.path
            ));
        }
    }
    assert_none("files:", &violations);
}

#[test]
fn every_code_has_a_page() {
    let known: BTreeSet<&str> = drawbridge::lint::codes().into_iter().collect();
    let mut found = BTreeSet::new();
    let mut violations = Vec::new();
    for file in sources() {
        for (code, line) in file.codes() {
            // A type of Hubble's flows.
            let is_type = file.path == "observe/hubble.rs" && code == "L7";
            if !known.contains(code.as_str()) && !is_type {
                violations.push(format!("src/{}:{line}: `{code}`", file.path));
            }
            found.insert(code);
        }
    }
    for code in ["V9", "W4", "L35", "crd", "project-format", "file"] {
        assert!(found.contains(code), "`{code}` was not found: {found:?}");
    }
    assert_none(
        "codes without a page for `lint --explain` (write one in the manual.md beside the code):",
        &violations,
    );
}
