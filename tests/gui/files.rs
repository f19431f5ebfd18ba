//! The file of the project: unsaved work after a crash, changes by other programs, files that are not replaced.

use std::fs;
use std::path::{Path, PathBuf};

use drawbridge::app::Command;
use drawbridge::model::Edit;

use super::desk::Desk;

const MINE: &str = "# ours\nformat: drawbridge/1\nname: mine\nnamespaces: [{name: shop}] # one\n";

fn opened() -> (Desk, PathBuf) {
    let mut desk = Desk::new(Vec::new());
    let path = desk.path("a.drawbridge.yaml");
    fs::write(&path, MINE).expect("written");
    desk.ask(Command::OpenPaths(vec![path.clone()]));
    (desk, path)
}

fn rename(desk: &mut Desk, name: &str) {
    desk.ask(Command::Edit(Edit::SetName(name.to_owned())));
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("text")
}

#[test]
fn unsaved_work_is_offered_with_its_file_and_saved_over_it_with_its_comments() {
    let (mut desk, path) = opened();
    rename(&mut desk, "unsaved");
    desk.wait(3.0);
    let mut desk = desk.crash();
    desk.settle();
    assert!(desk.sees("Restore unsaved changes?"));
    assert!(desk.sees(&format!("File: {}", path.display())));
    assert!(desk.sees("less than a minute ago"));
    assert!(!desk.sees("The file was changed since"));
    desk.click("Restore");
    desk.ask(Command::Save);
    assert_eq!(text(&path), MINE.replace("name: mine", "name: unsaved"));
    assert!(!desk.is_dirty());
}

#[test]
fn a_first_save_of_restored_work_asks_if_the_file_changed_since() {
    let (mut desk, path) = opened();
    rename(&mut desk, "unsaved");
    desk.wait(3.0);
    let theirs = MINE.replace("name: mine", "name: theirs of another length");
    fs::write(&path, &theirs).expect("written");
    let mut desk = desk.crash();
    desk.settle();
    assert!(desk.sees("The file was changed since"));
    desk.click("Restore");
    desk.ask(Command::Save);
    assert_eq!(text(&path), theirs);
    assert!(desk.sees("changed by another program"));
    desk.click("Keep mine");
    assert_eq!(text(&path), MINE.replace("name: mine", "name: unsaved"));
}

#[test]
fn unsaved_work_is_offered_where_its_project_is_opened_and_nowhere_else() {
    let (mut desk, path) = opened();
    rename(&mut desk, "unsaved");
    desk.wait(3.0);
    let other = desk.path("b.drawbridge.yaml");
    fs::write(&other, "format: drawbridge/1\nname: other\n").expect("written");
    let mut desk = desk.crash();
    desk.ask(Command::OpenPaths(vec![other]));
    assert!(!desk.sees("Restore unsaved changes?"));
    desk.ask(Command::OpenPaths(vec![path]));
    assert!(desk.sees("Restore unsaved changes?"));
    desk.click("Discard");
    assert_eq!(desk.document().name, "mine");
    desk.ask(Command::CloseProject);
    assert!(!desk.sees("Restore unsaved changes?"));
}

#[test]
fn a_change_by_another_program_is_noticed_and_reloaded_or_compared() {
    let (mut desk, path) = opened();
    desk.harness.event(egui::Event::WindowFocused(true));
    desk.settle();
    assert!(!desk.sees("changed by another program"));
    fs::write(&path, MINE.replace("name: mine", "name: theirs")).expect("written");
    desk.harness.event(egui::Event::WindowFocused(true));
    desk.settle();
    assert!(desk.sees("changed by another program"));
    desk.click("Reload");
    assert_eq!(desk.document().name, "theirs");
    assert!(!desk.is_dirty());

    rename(&mut desk, "again");
    fs::write(&path, MINE.replace("name: mine", "name: theirs, later")).expect("written");
    desk.harness.event(egui::Event::WindowFocused(true));
    desk.settle();
    desk.click("Compare");
    assert_eq!(desk.document().name, "again");
    desk.ask(Command::Save);
    assert!(
        desk.sees("changed by another program"),
        "it is not overwritten"
    );
    desk.click("Reload");
    assert_eq!(
        desk.document().name,
        "theirs, later",
        "unsaved changes are discarded"
    );
}

#[test]
fn save_as_asks_before_it_replaces_a_file() {
    let (mut desk, path) = opened();
    let other = desk.path("notes.yaml");
    fs::write(&other, "notes: mine\n").expect("written");
    for answer in ["Cancel", "Replace"] {
        desk.ask(Command::SaveAs);
        desk.enter("Path", &other.to_string_lossy());
        assert!(desk.sees("Replace the existing file?"));
        assert_eq!(text(&other), "notes: mine\n");
        desk.click(answer);
        let replaced = answer == "Replace";
        assert_eq!(text(&other) != "notes: mine\n", replaced);
        assert_eq!(desk.app().files.path.as_ref() == Some(&other), replaced);
    }
    assert_eq!(text(&path), MINE);
}
