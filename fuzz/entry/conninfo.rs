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

/// The three ways to write a password, and the name of the database.
fn written(password: &str, dbname: &str) -> [String; 3] {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('\'', "\\'");
    let encoded =
        |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02x}")).collect() };
    let keywords = format!(
        "host=h user=u password='{}' dbname='{}'",
        quoted(password),
        quoted(dbname)
    );
    let (password, dbname) = (encoded(password), encoded(dbname));
    [
        keywords,
        format!("postgres://u:{password}@h/{dbname}"),
        format!("postgres://h/?user=u&password={password}&dbname={dbname}"),
    ]
}

/// Writes `text` as password and database name. What is shown does not depend on the password.
fn come_back(text: &str) {
    for (with_text, with_other) in written(text, text).iter().zip(written("other", "d")) {
        let Some(config) = resolve(with_text) else {
            panic!("refused: {with_text}")
        };
        assert_eq!(config.dbname(), text);
        assert_eq!((config.user(), config.hosts().len()), ("u", 1));
        let show = |config: &Config| format!("{config} {config:?} {config:#?}");
        let other = resolve(&with_other);
        assert_eq!(
            Some(show(&config.with_dbname("d"))),
            other.as_ref().map(show)
        );
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
