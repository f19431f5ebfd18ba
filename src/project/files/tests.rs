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
        // Leftover files of the crash cause no conflict.
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

#[test]
fn long_keys_and_odd_characters_are_saved_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.drawbridge.yaml");
    let long = "x".repeat(3000);
    for key in [
        long.as_str(),
        "a \u{fffe} b",
        "\u{85}",
        "? a: b",
        "#",
        "'\"\\",
    ] {
        let mut project = document("old");
        save(&path, &project, "").unwrap();
        let before = fs::read_to_string(&path).unwrap();
        let value = crate::yaml::plain::Value::from(1);
        project.unknown = std::sync::Arc::new([(key.to_owned(), value.clone())].into());
        let saved = save(&path, &project, &before).unwrap();
        let found = open(&path).unwrap_or_else(|wrong| panic!("{key:.20}: {wrong:?}"));
        assert_eq!(found.document.unknown.get(key), Some(&value));
        project.unknown = Default::default();
        save(&path, &project, &saved.text).unwrap();
        assert_eq!(open(&path).unwrap().document, project);
    }
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
fn a_binary_file_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.yaml");
    fs::write(&path, b"name: \xff").unwrap();
    let wrong = open(&path).expect_err("not UTF-8");
    let place = wrong[0].span.as_ref().map(|span| (span.line, span.column));
    assert_eq!(place, Some((1, 7)), "{wrong:?}");
}

#[test]
fn a_journal_is_offered_after_a_crash_and_never_while_its_window_lives() {
    let folder = tempfile::tempdir().unwrap();
    let state = StateFolder::at(folder.path().join("state"));
    let file = folder.path().join("a b.drawbridge.yaml");
    save(&file, &document("saved"), "").unwrap();
    let origin = Origin {
        path: file.clone(),
        stamp: stamp(&file),
    };
    let journal = state.start_journal().unwrap();
    let text = format::write(&document("unsaved"));
    journal.write(&text, Some(&origin)).unwrap();
    assert!(state.orphans().is_empty());
    drop(journal); // A crash: the lock goes, the files stay.

    let mut orphans = state.orphans();
    let orphan = orphans.pop().expect("it is offered");
    assert!(orphans.is_empty());
    assert_eq!(orphan.project.as_ref(), Some(&origin));
    assert!(orphan.written.unwrap().elapsed().unwrap().as_secs() < 60);
    assert!(!origin.has_changed());
    save(&file, &document("changed since"), "").unwrap();
    assert!(origin.has_changed());
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
fn preferences_round_trip_and_invalid_ones_have_defaults() {
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
    file_of("shop", name)
}

fn file_of(namespace: &str, name: &str) -> ExportFile {
    ExportFile {
        namespace: namespace.into(),
        name: name.into(),
        text: policy(name, true) + "  namespace: " + namespace + "\n",
    }
}

fn kinds(plan: &ExportPlan) -> Vec<(&str, ChangeKind, bool)> {
    let changes = plan.changes.iter();
    changes
        .map(|change| (change.name.as_str(), change.kind, change.conflict.is_some()))
        .collect()
}

fn export(folder: &Path, files: &[ExportFile]) -> ExportPlan {
    let target = ExportTarget::Folder(folder.to_path_buf());
    plan_export(&target, files, &of("shop")).unwrap()
}

fn of(project: &str) -> ExportOptions {
    ExportOptions {
        project: project.into(),
        ..ExportOptions::default()
    }
}

/// All files below a folder, sorted.
fn listed(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut todo = vec![folder.to_path_buf()];
    while let Some(next) = todo.pop() {
        for entry in fs::read_dir(next).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => todo.push(path),
                path => found.push(path.strip_prefix(folder).unwrap().display().to_string()),
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_cancelled_export_is_not_planned_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), &[file("a"), file("b"), file("gone")])
        .apply()
        .unwrap();
    fs::write(folder.path().join("shop/left.yaml"), policy("left", true)).unwrap();
    let target = ExportTarget::Folder(folder.path().to_path_buf());
    let asked = std::cell::Cell::new(0);
    let plan = |until: usize| {
        asked.set(0);
        let stop = || asked.replace(asked.get() + 1) == until;
        plan_export_until(&target, &[file("a"), file("b")], &of("shop"), &stop)
    };
    let whole = plan(usize::MAX).unwrap();
    assert_eq!(whole.leftovers, ["shop/left.yaml"]);
    let all = asked.get();
    assert!(all > 4, "before each of the four files: {all}");
    for until in 0..all {
        let cancelled = plan(until).expect_err("it is cancelled");
        assert_eq!(cancelled.message, "the export was cancelled");
        assert_eq!(asked.get(), until + 1, "nothing goes on");
    }
}

#[test]
fn an_export_applies_the_plan_it_shows() {
    use ChangeKind::*;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let target = ExportTarget::Folder(path.clone());
    let with_list = ExportOptions {
        kustomization: true,
        verdict: Some("exact".into()),
        ..of("shop")
    };
    plan_export(&target, &[file("b"), file("a"), file("gone")], &with_list)
        .unwrap()
        .apply()
        .unwrap();
    fs::write(path.join("shop/c.yaml"), policy("c", false)).unwrap();
    fs::write(path.join("shop/a.yaml"), policy("older", true)).unwrap();

    let files = [file("b"), file("a"), file("c"), file("d")];
    let plan = plan_export(&target, &files, &with_list).unwrap();
    assert_eq!(
        kinds(&plan),
        [
            ("shop/b.yaml", Unchanged, false),
            ("shop/a.yaml", Changed, true),
            ("shop/c.yaml", Changed, true),
            ("shop/d.yaml", Created, false),
            ("kustomization.yaml", Changed, false),
            ("VERDICT.md", Unchanged, false),
            ("shop/gone.yaml", Deleted, false),
            (".drawbridge-export", Changed, false),
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
            &DiffLine::Added("  name: a".into()),
            &DiffLine::Added("  namespace: shop".into()),
        ]
    );
    plan.apply().unwrap();
    assert!(!path.join("shop/gone.yaml").exists());
    insta::assert_snapshot!(fs::read_to_string(path.join("kustomization.yaml")).unwrap(), @r##"
    # Written by Drawbridge
    apiVersion: kustomize.config.k8s.io/v1beta1
    kind: Kustomization
    resources:
    - shop/a.yaml
    - shop/b.yaml
    - shop/c.yaml
    - shop/d.yaml
    "##);
    let again = plan_export(&target, &files, &with_list).unwrap();
    assert!(!again.changes_anything());
}

#[test]
fn no_two_policies_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let files = [file_of("a", "b-c"), file_of("a-b", "c")];
    export(folder.path(), &files).apply().unwrap();
    assert_eq!(
        listed(folder.path()),
        [".drawbridge-export", "a-b/c.yaml", "a/b-c.yaml"]
    );
    assert!(!export(folder.path(), &files).changes_anything());
    let twice = [file("a"), file("a")];
    let target = ExportTarget::Folder(folder.path().to_path_buf());
    assert!(plan_export(&target, &twice, &ExportOptions::default()).is_err());
}

#[test]
fn an_export_deletes_only_files_that_an_export_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let (managed, of_shop) = (policy("web", true), file("web").text);
    let stays = [
        // Another program's file, with a name of ours.
        ("shop-db.yaml", policy("db", false)),
        ("shop/own.yaml", policy("own", false)),
        // Written by Drawbridge, but at another policy's name: copied, or moved by hand.
        ("copy.yaml", of_shop.clone()),
        ("other-web.yaml", of_shop.clone()),
        ("other/web.yaml", of_shop.clone()),
        ("shop/copy.yaml", of_shop.clone()),
        ("shop-web.yml", of_shop.clone()),
        ("-web.yaml", managed.clone()),
        ("web.yaml", managed.clone()),
        // More than one policy, or none.
        (
            "shop/mixed.yaml",
            policy("mixed", true) + "---\n" + &managed,
        ),
        ("shop/empty.yaml", String::new()),
        ("shop/broken.yaml", "a: [".to_owned()),
        ("shop/list.yaml", "- metadata: {name: list}\n".to_owned()),
        // Too deep, or hidden.
        ("team/shop/web.yaml", of_shop.clone()),
        ("team/shop-web.yaml", of_shop.clone()),
        (".git/web.yaml", managed.clone()),
    ];
    for (name, text) in &stays {
        write(name, text);
    }
    write("own/db.yaml", &file_of("own", "db").text);
    let before = listed(folder.path());
    let plan = export(folder.path(), &[]);
    assert!(!plan.changes_anything(), "{:?}", kinds(&plan));
    assert_eq!(plan.leftovers, ["own/db.yaml"], "it may be of any project");
    assert_eq!(listed(folder.path()), before);
}

#[test]
fn what_an_export_wrote_is_deleted_unless_it_was_edited() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let all = [file("a"), file("b"), file_of("gone", "c")];
    export(folder.path(), &all).apply().unwrap();
    fs::write(at("shop/b.yaml"), policy("b", true) + "# mine\n").unwrap();
    let plan = export(folder.path(), &[]);
    let deleted = plan
        .changes
        .iter()
        .filter(|c| c.kind == ChangeKind::Deleted);
    let deleted: Vec<_> = deleted
        .map(|c| (c.name.as_str(), c.conflict.as_deref()))
        .collect();
    assert_eq!(
        deleted,
        [
            ("gone/c.yaml", None),
            ("shop/a.yaml", None),
            ("shop/b.yaml", Some("was edited since the last export")),
            (".drawbridge-export", None),
        ]
    );
    plan.apply().unwrap();
    assert_eq!(listed(folder.path()), [""; 0]);
    assert!(!at("gone").exists(), "its last file is gone");
}

#[test]
fn projects_share_a_folder_and_leave_each_other_alone() {
    let folder = tempfile::tempdir().unwrap();
    let target = ExportTarget::Folder(folder.path().to_path_buf());
    let list = ExportOptions {
        kustomization: true,
        ..of("shop")
    };
    plan_export(&target, &[file("a")], &list)
        .unwrap()
        .apply()
        .unwrap();
    let plan = plan_export(&target, &[file_of("pay", "p")], &of("payments")).unwrap();
    assert_eq!(
        kinds(&plan),
        [
            ("pay/p.yaml", ChangeKind::Created, false),
            ("kustomization.yaml", ChangeKind::Changed, false),
            (".drawbridge-export", ChangeKind::Changed, false),
        ]
    );
    plan.apply().unwrap();
    let text = fs::read_to_string(folder.path().join("kustomization.yaml")).unwrap();
    assert!(
        text.ends_with("resources:\n- pay/p.yaml\n- shop/a.yaml\n"),
        "{text}"
    );
    let mut other = file("a");
    other.text += "# other\n";
    let plan = plan_export(&target, &[other], &of("payments")).unwrap();
    let conflicts: Vec<_> = plan
        .conflicts()
        .map(|(change, why)| (&*change.name, why))
        .collect();
    assert_eq!(
        conflicts,
        [("shop/a.yaml", "was written for the project `shop`")]
    );
}

#[test]
fn line_breaks_that_git_changed_are_no_edit() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), &[file("a")]).apply().unwrap();
    let path = folder.path().join("shop/a.yaml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace('\n', "\r\n")).unwrap();
    let plan = export(folder.path(), &[]);
    assert_eq!(plan.conflicts().count(), 0);
    assert_eq!(plan.changes[0].kind, ChangeKind::Deleted);
}

#[test]
fn a_policy_of_the_layout_of_earlier_versions_moves() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shop-a.yaml"), file("a").text).unwrap();
    fs::write(folder.path().join("shop-b.yaml"), file("b").text).unwrap();
    let plan = export(folder.path(), &[file("a")]);
    assert_eq!(
        kinds(&plan),
        [
            ("shop/a.yaml", ChangeKind::Created, false),
            ("shop-a.yaml", ChangeKind::Deleted, false),
            (".drawbridge-export", ChangeKind::Created, false),
        ]
    );
    assert_eq!(plan.leftovers, ["shop-b.yaml"]);
    plan.apply().unwrap();
    assert_eq!(
        listed(folder.path()),
        [".drawbridge-export", "shop-b.yaml", "shop/a.yaml"]
    );
}

#[cfg(unix)]
#[test]
fn an_export_replaces_links_and_follows_none() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let (out, mine) = (folder.path().join("out"), folder.path().join("mine.yaml"));
    fs::create_dir_all(out.join("shop")).unwrap();
    fs::write(&mine, "mine").unwrap();
    symlink(&mine, out.join("shop/a.yaml")).unwrap();
    let plan = export(&out, &[file("a")]);
    let conflicts: Vec<_> = plan.conflicts().map(|(_, why)| why.to_owned()).collect();
    assert_eq!(conflicts, [format!("is a link to `{}`", mine.display())]);
    plan.apply().unwrap();
    assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");
    assert!(
        out.join("shop/a.yaml")
            .symlink_metadata()
            .unwrap()
            .is_file()
    );

    symlink(folder.path(), out.join("pay")).unwrap();
    let target = ExportTarget::Folder(out);
    let wrong = plan_export(&target, &[file_of("pay", "p")], &of("shop")).expect_err("a link");
    assert!(wrong.message.contains("link"), "{wrong}");
}

#[test]
fn a_kustomization_is_kept_up_to_date_if_an_export_wrote_it() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("kustomization.yaml");
    fs::write(&list, "resources: [own.yaml]\n").unwrap();
    export(folder.path(), &[file("a")]).apply().unwrap();
    assert_eq!(
        fs::read_to_string(&list).unwrap(),
        "resources: [own.yaml]\n"
    );
    fs::write(&list, "# Written by Drawbridge\nresources: []\n").unwrap();
    let plan = export(folder.path(), &[file("b")]);
    assert_eq!(
        plan.conflicts().count(),
        1,
        "nothing says that it is as it was written"
    );
    plan.apply().unwrap();
    let text = fs::read_to_string(&list).unwrap();
    assert!(text.ends_with("resources:\n- shop/b.yaml\n"), "{text}");
}

#[test]
fn a_kustomization_of_another_name_is_not_joined_by_a_second_one() {
    for other in ["kustomization.yml", "Kustomization"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(other), "resources: []\n").unwrap();
        let target = ExportTarget::Folder(folder.path().to_owned());
        let with = ExportOptions {
            kustomization: true,
            ..of("shop")
        };
        let wrong = plan_export(&target, &[file("a")], &with).expect_err("kustomize refuses both");
        assert!(
            wrong.message.starts_with(&format!("`{other}` is there")),
            "{wrong}"
        );
        export(folder.path(), &[file("a")]).apply().unwrap();
        assert_eq!(
            listed(folder.path()),
            [".drawbridge-export", other, "shop/a.yaml"]
        );
    }
}

#[test]
fn a_project_with_a_new_name_asks_before_it_deletes_what_it_wrote() {
    use ChangeKind::*;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let project = |name: &str| ExportOptions {
        files: vec![folder.path().join("shop.drawbridge.yaml")],
        ..of(name)
    };
    let target = ExportTarget::Folder(out);
    let plan = |files: &[ExportFile], name| plan_export(&target, files, &project(name)).unwrap();
    plan(&[file("a"), file("b")], "shop").apply().unwrap();
    let renamed = plan(&[file("a")], "store");
    let expected = [
        ("shop/a.yaml", Unchanged, false),
        ("shop/b.yaml", Deleted, true),
    ];
    assert_eq!(kinds(&renamed)[..2], expected);
    renamed.apply().unwrap();
    let again = plan(&[file("a")], "store");
    assert!(!again.changes_anything(), "{:?}", kinds(&again));
}

#[test]
fn a_file_in_the_place_of_the_record_is_not_overwritten_unasked() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".drawbridge-export"), "notes\n").unwrap();
    let plan = export(folder.path(), &[file("a")]);
    let asked: Vec<_> = plan.conflicts().map(|(change, _)| &*change.name).collect();
    assert_eq!(asked, [".drawbridge-export"]);
}

#[test]
fn an_export_to_one_file_is_one_text_of_documents() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.yaml");
    let target = ExportTarget::File(path.clone());
    let plan = plan_export(&target, &[file("a"), file("b")], &ExportOptions::default()).unwrap();
    assert_eq!(kinds(&plan), [("all.yaml", ChangeKind::Created, false)]);
    plan.apply().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, file("a").text + "---\n" + &file("b").text);
}

#[test]
fn an_export_stays_in_its_folder_and_overwrites_no_concurrent_change() {
    let folder = tempfile::tempdir().unwrap();
    let target = ExportTarget::Folder(folder.path().to_path_buf());
    for name in ["../x", "/x", "", "..", "a\\b", "a/b", "Web", "a b"] {
        for file in [file_of("shop", name), file_of(name, "web")] {
            let plan = plan_export(&target, &[file], &ExportOptions::default());
            assert!(plan.is_err(), "{name}");
        }
    }
    let plan = export(folder.path(), &[file("a")]);
    let path = folder.path().join("shop/a.yaml");
    fs::create_dir(folder.path().join("shop")).unwrap();
    fs::write(&path, "mine").unwrap();
    assert!(plan.apply().is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn a_diff_shows_changed_lines() {
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

#[test]
fn a_file_without_end_is_refused_by_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.yaml");
    let sparse = fs::File::create(&path).unwrap();
    sparse.set_len(20 << 30).unwrap();
    let wrong = read_text(&path).expect_err("20 GiB");
    assert!(
        wrong.message.ends_with("it has more than 1024 MiB"),
        "{wrong}"
    );
}

#[test]
fn a_stream_is_read_up_to_its_bound() {
    let read = |length: u64, most| {
        let from = io::repeat(b'x').take(length);
        read_stream(from, most, 0, &|| false)
    };
    let most = 9 << 20;
    assert_eq!(read(most, most).unwrap().len() as u64, most);
    let error = read(most + 1, most).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    assert_eq!(error.to_string(), "it sends more than 9 MiB");
    let endless = read_stream(io::repeat(b'x'), most, 0, &|| false);
    assert_eq!(endless.unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    let stopped = read_stream(io::repeat(b'x'), u64::MAX, 0, &|| true);
    assert_eq!(stopped.unwrap_err().kind(), io::ErrorKind::Interrupted);
}

#[test]
fn projects_of_one_name_keep_their_files_apart() {
    use ChangeKind::*;
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    let project = |name: &str| {
        fs::create_dir_all(at(name)).unwrap();
        let file = at(name).join("shop.drawbridge.yaml");
        fs::write(&file, "").unwrap();
        let files = vec![file];
        ExportOptions {
            files,
            ..of("shop")
        }
    };
    let target = ExportTarget::Folder(at("out"));
    let plan = |files: &[ExportFile], of: &ExportOptions| plan_export(&target, files, of).unwrap();
    let (one, two) = (project("one"), project("two"));
    plan(&[file("a"), file("b")], &one).apply().unwrap();
    let record = fs::read_to_string(at("out/.drawbridge-export")).unwrap();
    let line = " shop/a.yaml shop (../one/shop.drawbridge.yaml)";
    assert!(record.contains(line), "{record}");

    // The other one deletes nothing, and asks before it replaces something.
    let other = plan(
        &[
            ExportFile {
                text: policy("a2", true),
                ..file("a")
            },
            file("c"),
        ],
        &two,
    );
    let conflicts: Vec<_> = other.conflicts().map(|(c, why)| (&*c.name, why)).collect();
    let why = "was written for the project `shop (../one/shop.drawbridge.yaml)`";
    assert_eq!(conflicts, [("shop/a.yaml", why)]);
    assert!(other.changes.iter().all(|change| change.kind != Deleted));
    plan(&[file("c")], &two).apply().unwrap();
    assert_eq!(
        listed(&at("out")),
        [
            ".drawbridge-export",
            "shop/a.yaml",
            "shop/b.yaml",
            "shop/c.yaml"
        ]
    );
    // Each deletes its own without asking.
    let own = plan(&[file("a")], &one);
    assert_eq!(
        kinds(&own)[..2],
        [
            ("shop/a.yaml", Unchanged, false),
            ("shop/b.yaml", Deleted, false)
        ]
    );

    // A project that moved asks before it deletes what it may have written.
    let moved = project("moved");
    fs::remove_file(at("one/shop.drawbridge.yaml")).unwrap();
    let asks = plan(&[file("a")], &moved);
    assert_eq!(
        kinds(&asks)[..2],
        [
            ("shop/a.yaml", Unchanged, false),
            ("shop/b.yaml", Deleted, true)
        ]
    );
    asks.apply().unwrap();
    let again = plan(&[file("a")], &moved);
    assert!(!again.changes_anything(), "{:?}", kinds(&again));
    assert!(at("out/shop/c.yaml").exists());

    // What was recorded without a file is that of any project of this name.
    let before = ExportTarget::Folder(at("before"));
    plan_export(&before, &[file("a")], &of("shop"))
        .unwrap()
        .apply()
        .unwrap();
    let plan = plan_export(&before, &[], &moved).unwrap();
    assert_eq!(kinds(&plan)[0], ("shop/a.yaml", Deleted, false));
}

#[test]
fn a_file_that_two_projects_write_is_of_both() {
    use ChangeKind::*;
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    let project = |name: &str| {
        let file = at(name);
        fs::write(&file, "").unwrap();
        ExportOptions {
            files: vec![file],
            ..of(name)
        }
    };
    let (one, two) = (project("one"), project("two"));
    let target = ExportTarget::Folder(at("out"));
    let plan = |files: &[ExportFile], of: &ExportOptions| plan_export(&target, files, of).unwrap();
    plan(&[file("a"), file("b")], &one).apply().unwrap();
    plan(&[file("a")], &two).apply().unwrap();
    // Both are recorded, and neither changes what the other has.
    assert!(!plan(&[file("a"), file("b")], &one).changes_anything());
    let edited = ExportFile {
        text: policy("a2", true),
        ..file("a")
    };
    let asks = plan(&[edited.clone(), file("b")], &one);
    assert_eq!(kinds(&asks)[0], ("shop/a.yaml", Changed, true));

    // What the other one has as well is not deleted; who is left deletes it.
    for (first, second) in [(&one, &two), (&two, &one)] {
        plan(&[file("a")], first).apply().unwrap();
        plan(&[file("a")], second).apply().unwrap();
        let gone = plan(&[], first);
        assert!(gone.changes.iter().all(|c| c.name != "shop/a.yaml"));
        gone.apply().unwrap();
        assert!(at("out/shop/a.yaml").exists());
        let last = plan(&[], second);
        assert_eq!(kinds(&last)[0], ("shop/a.yaml", Deleted, false));
        last.apply().unwrap();
        assert!(!at("out/shop/a.yaml").exists());
    }

    // Whoever replaces it with consent has it alone.
    plan(&[file("a")], &one).apply().unwrap();
    plan(&[file("a")], &two).apply().unwrap();
    plan(&[edited], &one).apply().unwrap();
    let asks = plan(&[file("a")], &two);
    assert_eq!(kinds(&asks)[0], ("shop/a.yaml", Changed, true));
    assert!(plan(&[], &two).changes.iter().all(|c| c.kind != Deleted));
}
