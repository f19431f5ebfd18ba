//! The file of the project: unsaved work after a crash, changes by other programs, files that are not replaced.

use std::fs;
use std::path::{Path, PathBuf};

use drawbridge::app::Command;
use drawbridge::model::Edit;

use super::test_window::TestWindow;

const MINE: &str = "# ours\nformat: drawbridge/1\nname: mine\nnamespaces: [{name: shop}] # one\n";

fn opened() -> (TestWindow, PathBuf) {
    let mut window = TestWindow::new(Vec::new());
    let path = window.path("a.drawbridge.yaml");
    fs::write(&path, MINE).expect("written");
    window.ask(Command::OpenPaths(vec![path.clone()]));
    (window, path)
}

fn rename(window: &mut TestWindow, name: &str) {
    window.ask(Command::Edit(Edit::SetName(name.to_owned())));
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("text")
}

#[test]
fn unsaved_work_is_offered_with_its_file_and_saved_over_it_with_its_comments() {
    let (mut window, path) = opened();
    rename(&mut window, "unsaved");
    window.wait(3.0);
    let mut window = window.crash();
    window.settle();
    assert!(window.sees("Restore unsaved changes?"));
    assert!(window.sees(&format!("File: {}", path.display())));
    assert!(window.sees("less than a minute ago"));
    assert!(!window.sees("The file was changed since"));
    window.click("Restore");
    window.ask(Command::Save);
    assert_eq!(text(&path), MINE.replace("name: mine", "name: unsaved"));
    assert!(!window.is_dirty());
}

#[test]
fn a_first_save_of_restored_work_asks_if_the_file_changed_since() {
    let (mut window, path) = opened();
    rename(&mut window, "unsaved");
    window.wait(3.0);
    let theirs = MINE.replace("name: mine", "name: theirs of another length");
    fs::write(&path, &theirs).expect("written");
    let mut window = window.crash();
    window.settle();
    assert!(window.sees("The file was changed since"));
    window.click("Restore");
    window.ask(Command::Save);
    assert_eq!(text(&path), theirs);
    assert!(window.sees("changed by another program"));
    window.click("Keep mine");
    assert_eq!(text(&path), MINE.replace("name: mine", "name: unsaved"));
}

#[test]
fn unsaved_work_is_offered_where_its_project_is_opened_and_nowhere_else() {
    let (mut window, path) = opened();
    rename(&mut window, "unsaved");
    window.wait(3.0);
    let other = window.path("b.drawbridge.yaml");
    fs::write(&other, "format: drawbridge/1\nname: other\n").expect("written");
    let mut window = window.crash();
    window.ask(Command::OpenPaths(vec![other]));
    assert!(!window.sees("Restore unsaved changes?"));
    window.ask(Command::OpenPaths(vec![path]));
    assert!(window.sees("Restore unsaved changes?"));
    window.click("Discard");
    assert_eq!(window.document().name, "mine");
    window.ask(Command::CloseProject);
    assert!(!window.sees("Restore unsaved changes?"));
}

#[test]
fn a_change_by_another_program_is_noticed_and_reloaded_or_compared() {
    let (mut window, path) = opened();
    window.harness.event(egui::Event::WindowFocused(true));
    window.settle();
    assert!(!window.sees("changed by another program"));
    fs::write(&path, MINE.replace("name: mine", "name: theirs")).expect("written");
    window.harness.event(egui::Event::WindowFocused(true));
    window.settle();
    assert!(window.sees("changed by another program"));
    window.click("Reload");
    assert_eq!(window.document().name, "theirs");
    assert!(!window.is_dirty());

    rename(&mut window, "again");
    fs::write(&path, MINE.replace("name: mine", "name: theirs, later")).expect("written");
    window.harness.event(egui::Event::WindowFocused(true));
    window.settle();
    window.click("Compare");
    assert_eq!(window.document().name, "again");
    window.ask(Command::Save);
    assert!(
        window.sees("changed by another program"),
        "it is not overwritten"
    );
    window.click("Reload");
    assert_eq!(
        window.document().name,
        "theirs, later",
        "unsaved changes are discarded"
    );
}

#[test]
fn save_as_asks_before_it_replaces_a_file() {
    let (mut window, path) = opened();
    let other = window.path("notes.yaml");
    fs::write(&other, "notes: mine\n").expect("written");
    for answer in ["Cancel", "Replace"] {
        window.ask(Command::SaveAs);
        window.enter("Path", &other.to_string_lossy());
        assert!(window.sees("Replace the existing file?"));
        assert_eq!(text(&other), "notes: mine\n");
        window.click(answer);
        let replaced = answer == "Replace";
        assert_eq!(text(&other) != "notes: mine\n", replaced);
        assert_eq!(window.app().files.path.as_ref() == Some(&other), replaced);
    }
    assert_eq!(text(&path), MINE);
}
