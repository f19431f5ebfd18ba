//! A program that saves and exports in a loop is killed at random moments: every file is the old or the new text.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use drawbridge::model::Document;
use drawbridge::project::files::{ExportFile, ExportOptions, ExportTarget, plan_export, save};

/// Where the victim writes; without it, it is not run.
const FOLDER: &str = "DRAWBRIDGE_KILLED_IN";
const KILLS: u32 = 1000;

fn document(turn: bool) -> Document {
    let text = include_str!("../../assets/examples/online-shop.drawbridge.yaml");
    let (mut document, _) = drawbridge::project::format::read(text, "").expect("a project");
    // Of different lengths, so that one cannot look like the other cut off.
    document.name = if turn {
        "old"
    } else {
        "new, with a longer name"
    }
    .to_owned();
    document
}

fn policy(turn: bool) -> ExportFile {
    let port = if turn { 80 } else { 65_000 };
    let item = format!("  - port: {port}\n");
    ExportFile {
        namespace: "shop".into(),
        name: "web".into(),
        text: format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: web\nports:\n{}",
            item.repeat(2000)
        ),
    }
}

fn export(folder: &Path, turn: bool) {
    let options = ExportOptions {
        project: "shop".into(),
        kustomization: true,
        ..ExportOptions::default()
    };
    let target = ExportTarget::Folder(folder.join("out"));
    let plan = plan_export(&target, &[policy(turn)], &options).expect("a plan");
    plan.apply().expect("written");
}

#[test]
#[ignore = "is run by the test below, in a process of its own"]
fn victim() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let folder = Path::new(&folder);
    let project = folder.join("p.drawbridge.yaml");
    let (old, new) = (document(true), document(false));
    fs::write(folder.join("started"), "").expect("written");
    loop {
        for (turn, document) in [(true, &old), (false, &new)] {
            save(&project, document, "").expect("saved");
            export(folder, turn);
        }
    }
}

#[test]
#[ignore = "takes minutes: a thousand processes"]
fn every_file_is_the_old_or_the_new_text_after_a_kill() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let projects: BTreeSet<String> = [true, false]
        .map(|turn| {
            save(&at("p.drawbridge.yaml"), &document(turn), "").expect("saved");
            fs::read_to_string(at("p.drawbridge.yaml")).expect("text")
        })
        .into();
    let policies: BTreeSet<String> = [true, false].map(|turn| policy(turn).text).into();
    export(folder.path(), true);
    let (mut seed, mut unfinished) = (0x2545_f491_u64, 0);
    for kill in 0..KILLS {
        let _ = fs::remove_file(at("started"));
        let mut victim = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "cli::kills::victim", "--ignored"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        while !at("started").exists() {
            assert!(
                victim.try_wait().expect("its state").is_none(),
                "it ended by itself"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        std::thread::sleep(Duration::from_micros(seed >> 33 & 0x7fff));
        victim.kill().expect("it is killed");
        let state = victim.wait().expect("it ended");
        assert_eq!(state.code(), None, "it was killed and did not end");

        let project = fs::read_to_string(at("p.drawbridge.yaml")).expect("text");
        assert!(projects.contains(&project), "kill {kill}: {project}");
        let policy = fs::read_to_string(at("out/shop/web.yaml")).expect("text");
        assert!(policies.contains(&policy), "kill {kill}: {policy}");
        let list = fs::read_to_string(at("out/kustomization.yaml")).expect("text");
        assert!(
            list.ends_with("resources:\n- shop/web.yaml\n"),
            "kill {kill}: {list}"
        );
        for folder in [folder.path(), &at("out"), &at("out/shop")] {
            for entry in fs::read_dir(folder).expect("a folder").flatten() {
                if entry.file_name().to_string_lossy().ends_with(".tmp") {
                    unfinished += 1;
                    fs::remove_file(entry.path()).expect("removed");
                }
            }
        }
    }
    println!("{KILLS} kills, {unfinished} of them while a file was being written");
    assert!(
        unfinished > 0,
        "no kill came while a file was being written"
    );
}
