//! Pictures of the diagram: exported and copied, of all and of the selection.

use std::fs;

use drawbridge::app::Command;
use drawbridge::app::dialogs::Answer;
use egui::OutputCommand;

use super::test_window::TestWindow;

/// Runs a command and returns what it put onto the clipboard.
fn copied(window: &mut TestWindow, command: Command) -> OutputCommand {
    window.harness.state_mut().ask(command);
    for _ in 0..5 {
        window.harness.step();
        let commands = &window.harness.output().platform_output.commands;
        if let Some(command) = commands.first() {
            return command.clone();
        }
    }
    panic!("nothing was copied");
}

fn svg(window: &mut TestWindow) -> String {
    match copied(window, Command::CopySvg) {
        OutputCommand::CopyText(text) => text,
        other => panic!("no text: {other:?}"),
    }
}

fn pixels(window: &mut TestWindow) -> [usize; 2] {
    match copied(window, Command::CopyPicture) {
        OutputCommand::CopyImage(image) => image.size,
        other => panic!("no image: {other:?}"),
    }
}

#[test]
fn all_is_copied_or_what_is_selected_with_its_flows() {
    let mut window = TestWindow::shop();
    let whole = svg(&mut window);
    for (_, workload) in window.document().workloads.iter() {
        let title = format!("<title>{}</title>", workload.name);
        assert!(whole.contains(&title), "{title}");
    }
    assert!(whole.contains(">online-shop</text>"));
    let verdict = window.app().results.proof.summary();
    assert!(whole.contains(&format!(">{verdict}</text>")), "{verdict}");
    let all = pixels(&mut window);

    window.ask(Command::Select(vec![window.flow("web to checkout")]));
    let part = svg(&mut window);
    assert!(part.contains("<title>web to checkout: "));
    assert_eq!(part.matches("<title>").count(), 4, "{part}");
    assert!(part.contains(">online-shop: selection</text>"));
    let some = pixels(&mut window);
    assert!(some[0] < all[0] && some[1] < all[1], "{some:?} of {all:?}");
    assert!(window.sees("Picture of the selection copied"));
    assert!(!window.is_dirty());
}

#[test]
fn a_picture_is_written_in_the_format_of_its_name_and_replaces_a_file_only_if_agreed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let answers = ["shop.svg", "shop", "part.png", "shop.svg"];
    let answers = answers.map(|name| Answer::Paths(vec![at(name)]));
    let mut window = TestWindow::new(answers.into());
    window.ask(Command::ExampleShop);
    window.ask(Command::ExportPicture);
    let text = fs::read_to_string(at("shop.svg")).expect("the SVG");
    assert!(text.starts_with("<svg ") && text.contains("<title>web</title>"));
    window.ask(Command::ExportPicture);
    let size = |name: &str| {
        let png = image::open(at(name)).expect("a PNG");
        [png.width(), png.height()]
    };
    let all = size("shop.png");
    window.ask(Command::Select(vec![window.workload("redis")]));
    window.ask(Command::ExportPictureOfSelection);
    let part = size("part.png");
    assert!(part[0] < all[0] || part[1] < all[1], "{part:?} of {all:?}");

    fs::write(at("shop.svg"), "mine").expect("written");
    window.ask(Command::ExportPicture);
    assert_eq!(fs::read_to_string(at("shop.svg")).expect("text"), "mine");
    window.click("Replace");
    let text = fs::read_to_string(at("shop.svg")).expect("the SVG");
    assert!(text.starts_with("<svg "));
}
