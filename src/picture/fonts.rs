//! The faces of the window and of pictures.

/// Names and sentences.
pub const SANS: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
/// Titles and names that matter.
pub const SANS_SEMIBOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");
/// Ports, labels, addresses and YAML.
pub const MONO: &[u8] = include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf");
/// The heavier face of the same.
pub const MONO_MEDIUM: &[u8] = include_bytes!("../../assets/fonts/JetBrainsMono-Medium.ttf");
