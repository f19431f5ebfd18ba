//! Saving, journals and exports on a real disk.

use std::fs;
use std::io;
use std::path::Path;

use super::atomic::{Moment, replace_by, temporary_beside};
use super::*;

fn document(name: &str) -> Document {
    Document {
        name: name.into(),
        ..Document::default()
    }
}

#[test]
fn a_crash_at_any_moment_leaves_the_old_file_or_the_new_one() {
    use Moment::*;
    for moment in [Created, HalfWritten, Written, Permitted, Synced, Renamed] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.drawbridge.yaml");
        save(&path, &document("old"), "").unwrap();
        let (old, new) = (document("old"), document("new"));
        let temporary = temporary_beside(&path).unwrap();
        let crash = replace_by(
            &path,
            &temporary,
            format::write(&new).as_bytes(),
            &mut |at| {
                if at == moment {
                    Err(io::Error::other("power cut"))
                } else {
                    Ok(())
                }
            },
        );
        assert!(crash.is_err(), "{moment:?}");
        let found = open(&path).expect("it is whole").document;
        assert_eq!(
            found,
            if moment == Renamed { new.clone() } else { old },
            "{moment:?}"
        );
        // What the crash left lying about is in nobody's way.
        save(&path, &new, "").unwrap();
        assert_eq!(open(&path).unwrap().document, new);
    }
}

#[test]
fn a_failed_save_changes_nothing_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("taken");
    fs::create_dir(&path).unwrap();
    let wrong = save(&path, &document("x"), "").expect_err("a folder is no file");
    assert!(
        wrong.to_string().contains("choose a file, not a folder"),
        "{wrong}"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let wrong =
        save(&folder.path().join("no/such/p.yaml"), &document("x"), "").expect_err("no folder");
    assert!(wrong.help.unwrap_or_default().contains("does not exist"));
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (
        folder.path().join("real.yaml"),
        folder.path().join("link.yaml"),
    );
    symlink("real.yaml", &link).unwrap();
    save(&link, &document("one"), "").unwrap();
    assert_eq!(open(&real).unwrap().document.name, "one");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    save(&link, &document("two"), "").unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(open(&real).unwrap().document.name, "two");
    assert_eq!(
        fs::metadata(&real).unwrap().permissions().mode() & 0o777,
        0o640
    );
    fs::set_permissions(&real, fs::Permissions::from_mode(0o440)).unwrap();
    assert!(save(&link, &document("three"), "").is_err());
    assert_eq!(open(&real).unwrap().document.name, "two");
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.yaml");
    fs::write(&path, b"name: \xff").unwrap();
    let wrong = open(&path).expect_err("not UTF-8");
    assert!(wrong[0].message.contains("byte 7"), "{wrong:?}");
}

#[test]
fn a_journal_is_offered_after_a_crash_and_never_while_its_window_lives() {
    let folder = tempfile::tempdir().unwrap();
    let state = StateFolder::at(folder.path().join("state"));
    let journal = state.start_journal().unwrap();
    let text = format::write(&document("unsaved"));
    journal
        .write(&text, Some(Path::new("/home/a b/p.yaml")))
        .unwrap();
    assert!(state.orphans().is_empty());
    drop(journal); // A crash: the lock goes, the files stay.

    let mut orphans = state.orphans();
    let orphan = orphans.pop().expect("it is offered");
    assert!(orphans.is_empty());
    assert_eq!(
        orphan.project.as_deref(),
        Some(Path::new("/home/a b/p.yaml"))
    );
    let (found, _) = format::read(&orphan.content, "journal").expect("it is a project");
    assert_eq!(found, document("unsaved"));
    assert!(
        state.orphans().is_empty(),
        "another window does not offer it too"
    );

    let journal = orphan.adopt();
    journal.write(&text, None).unwrap();
    drop(journal);
    let orphan = state.orphans().pop().expect("it is offered again");
    assert_eq!(orphan.project, None);
    orphan.discard();
    assert!(state.orphans().is_empty());
    let left = fs::read_dir(folder.path().join("state/journal"))
        .unwrap()
        .count();
    assert_eq!(left, 0);
}

#[test]
fn a_journal_that_was_closed_or_cleared_offers_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let state = StateFolder::at(folder.path());
    for close in [true, false] {
        let journal = state.start_journal().unwrap();
        journal.write("format: drawbridge/1\n", None).unwrap();
        if close {
            journal.close()
        } else {
            journal.clear()
        }
        assert!(state.orphans().is_empty());
    }
}

#[test]
fn preferences_come_back_and_nonsense_is_the_default() {
    #[derive(Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(default)]
    struct Preferences {
        theme: String,
        recent: Vec<String>,
    }
    let folder = tempfile::tempdir().unwrap();
    let state = StateFolder::at(folder.path().join("new"));
    assert_eq!(state.preferences::<Preferences>(), Preferences::default());
    let mine = Preferences {
        theme: "dark".into(),
        recent: vec!["/a: b".into()],
    };
    state.set_preferences(&mine).unwrap();
    assert_eq!(state.preferences::<Preferences>(), mine);
    fs::write(folder.path().join("new/preferences.yaml"), "theme: [").unwrap();
    assert_eq!(state.preferences::<Preferences>(), Preferences::default());
}

fn policy(name: &str, managed: bool) -> String {
    let by = if managed { "drawbridge" } else { "somebody" };
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: {name}\n  labels:\n    app.kubernetes.io/managed-by: {by}\n"
    )
}

fn file(name: &str) -> ExportFile {
    ExportFile {
        name: format!("{name}.yaml"),
        text: policy(name, true),
    }
}

fn kinds(plan: &ExportPlan) -> Vec<(String, ChangeKind, bool)> {
    let row = |change: &FileChange| {
        let name = change
            .path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        (name, change.kind, change.foreign)
    };
    plan.changes.iter().map(row).collect()
}

#[test]
fn an_export_says_what_it_will_do_and_does_it() {
    use ChangeKind::*;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let target = ExportTarget::Folder(path.clone());
    let with_list = ExportOptions {
        kustomization: true,
        verdict: Some("exact".into()),
    };
    plan_export(&target, &[file("b"), file("a"), file("gone")], &with_list)
        .unwrap()
        .apply()
        .unwrap();
    fs::write(path.join("own.yaml"), policy("own", false)).unwrap();
    fs::write(
        path.join("mixed.yaml"),
        policy("x", true) + "---\n" + &policy("y", false),
    )
    .unwrap();
    fs::write(path.join("c.yaml"), policy("c", false)).unwrap();
    fs::write(path.join("a.yaml"), policy("older", true)).unwrap();

    let plan = plan_export(
        &target,
        &[file("b"), file("a"), file("c"), file("d")],
        &with_list,
    )
    .unwrap();
    assert_eq!(
        kinds(&plan),
        [
            ("b.yaml".into(), Unchanged, false),
            ("a.yaml".into(), Changed, false),
            ("c.yaml".into(), Changed, true),
            ("d.yaml".into(), Created, false),
            ("kustomization.yaml".into(), Changed, false),
            ("VERDICT.md".into(), Unchanged, false),
            ("gone.yaml".into(), Deleted, false),
        ]
    );
    let changed: Vec<_> = plan.changes[1]
        .diff
        .iter()
        .filter(|line| !matches!(line, DiffLine::Same(_)))
        .collect();
    assert_eq!(
        changed,
        [
            &DiffLine::Removed("  name: older".into()),
            &DiffLine::Added("  name: a".into())
        ]
    );
    plan.apply().unwrap();
    assert!(!path.join("gone.yaml").exists() && path.join("own.yaml").exists());
    insta::assert_snapshot!(fs::read_to_string(path.join("kustomization.yaml")).unwrap(), @r##"
    # Written by Drawbridge
    apiVersion: kustomize.config.k8s.io/v1beta1
    kind: Kustomization
    resources:
    - a.yaml
    - b.yaml
    - c.yaml
    - d.yaml
    "##);
    let again = plan_export(
        &target,
        &[file("b"), file("a"), file("c"), file("d")],
        &with_list,
    )
    .unwrap();
    assert!(!again.changes_anything());
}

#[test]
fn an_export_to_one_file_is_one_text_of_documents() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.yaml");
    let target = ExportTarget::File(path.clone());
    let plan = plan_export(&target, &[file("a"), file("b")], &ExportOptions::default()).unwrap();
    plan.apply().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, policy("a", true) + "---\n" + &policy("b", true));
}

#[test]
fn an_export_never_leaves_its_folder_nor_goes_over_what_changed_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let target = ExportTarget::Folder(folder.path().to_path_buf());
    for name in ["../x.yaml", "/x.yaml", "", "kustomization.yaml"] {
        let file = ExportFile {
            name: name.into(),
            text: String::new(),
        };
        assert!(
            plan_export(&target, &[file], &ExportOptions::default()).is_err(),
            "{name}"
        );
    }
    let plan = plan_export(&target, &[file("a")], &ExportOptions::default()).unwrap();
    fs::write(folder.path().join("a.yaml"), "mine").unwrap();
    assert!(plan.apply().is_err());
    assert_eq!(
        fs::read_to_string(folder.path().join("a.yaml")).unwrap(),
        "mine"
    );
}

#[test]
fn the_difference_of_two_texts() {
    use DiffLine::*;
    let line = |make: fn(String) -> DiffLine, text: &str| make(text.into());
    assert_eq!(
        diff("a\nb\nc\nd\n", "a\nc\nx\nd\ne\n"),
        [
            line(Same, "a"),
            line(Removed, "b"),
            line(Same, "c"),
            line(Added, "x"),
            line(Same, "d"),
            line(Added, "e"),
        ]
    );
    assert_eq!(diff("", ""), []);
    assert_eq!(diff("a\n", "a\n"), [line(Same, "a")]);
}
