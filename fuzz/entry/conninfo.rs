//! Any text as a connection string: settings or an error, nothing in between; and a password that is written as the
//! manual says comes back whole, however odd, and is shown nowhere.

use snapback::connect::{Config, Environment, Given};

/// One input.
pub(crate) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(config) = resolve(&text) {
        assert!(!config.hosts().is_empty() && !config.user().is_empty());
        assert!(!config.dbname().is_empty());
    }
    for scheme in ["postgres://", "postgresql://u@h?", "password="] {
        let _ = resolve(&format!("{scheme}{text}"));
    }
    if !text.is_empty() && !text.contains('\0') {
        come_back(&text);
    }
}

/// Writes `text` as password and database name in both forms.
fn come_back(text: &str) {
    let quoted = text.replace('\\', "\\\\").replace('\'', "\\'");
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    for written in [
        format!("host=h user=u password='{quoted}' dbname='{quoted}'"),
        format!("postgres://u:{encoded}@h/{encoded}"),
        format!("postgres://h/?user=u&password={encoded}&dbname={encoded}"),
    ] {
        let Some(config) = resolve(&written) else {
            panic!("refused: {written}")
        };
        assert_eq!(config.dbname(), text);
        assert_eq!((config.user(), config.hosts().len()), ("u", 1));
        let config = config.with_dbname("d");
        let shown = format!("{config} {config:?} {config:#?}");
        // A short text is found in any other.
        assert!(text.len() < 20 || !shown.contains(text), "{shown}");
    }
}

/// The settings, from the text alone: no home folder, no files, no variables.
fn resolve(text: &str) -> Option<Config> {
    let environment = Environment::of([("PGSYSCONFDIR", "/nowhere")]).with_os_user("me");
    Config::resolve(
        Some(Given {
            text,
            origin: "fuzz",
        }),
        &environment,
    )
    .ok()
}
