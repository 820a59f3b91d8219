//! Where parameters come from besides the connection string, and which source wins.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::{
    super::{Config, Environment, Password, Source, SslMode},
    hosts, password, resolve_in,
};

fn home(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    folder
}

fn at(home: &Path, more: &[(&str, &str)]) -> Environment {
    let system = home.join("system").display().to_string();
    let mut variables = vec![
        ("HOME".to_owned(), home.display().to_string()),
        ("PGSYSCONFDIR".to_owned(), system),
    ];
    variables.extend(
        more.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    Environment::of(variables).with_os_user("me")
}

const SERVICES: &str = "# ours\n[other]\nhost=wrong\n\n[shop]\n  host=db.example\nport=6000\ndbname=shop\nuser=ann\n\
                        application_name=it's 'x'\n[shop]\nhost=second\n";

#[test]
fn services() {
    let home = home(&[(".pg_service.conf", SERVICES)]);
    let config = resolve_in(
        "service=shop",
        &at(home.path(), &[("PGPORT", "1"), ("PGUSER", "no")]),
    )
    .unwrap();
    assert_eq!(
        (hosts(&config).as_str(), config.user(), config.dbname()),
        ("db.example:6000", "ann", "shop")
    );
    assert_eq!(config.application_name(), "it's 'x'");

    let config = resolve_in("postgres:///mine?service=shop", &at(home.path(), &[])).unwrap();
    assert_eq!(
        (hosts(&config).as_str(), config.dbname()),
        ("db.example:6000", "mine")
    );

    let config = Config::resolve(None, &at(home.path(), &[("PGSERVICE", "shop")])).unwrap();
    assert_eq!(config.dbname(), "shop");

    fs::create_dir(home.path().join("system")).unwrap();
    fs::write(
        home.path().join("system/pg_service.conf"),
        "[deep]\nhost=deep\n",
    )
    .unwrap();
    assert_eq!(
        hosts(&resolve_in("service=deep", &at(home.path(), &[])).unwrap()),
        "deep:5432"
    );

    let error = resolve_in("service=shpo", &at(home.path(), &[]))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("there is no service \"shpo\": looked in ")
            && error.contains("system/pg_service.conf"),
        "{error}"
    );
    let missing = at(home.path(), &[("PGSERVICEFILE", "/nowhere/services")]);
    let error = resolve_in("service=shop", &missing)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("service file /nowhere/services: cannot read it"),
        "{error}"
    );
}

#[test]
fn the_environment_ranks_below_the_connection_string() {
    let environment = Environment::of([
        ("PGHOST", "env"),
        ("PGPORT", "7777"),
        ("PGUSER", "env-user"),
        ("PGPASSWORD", "env-secret"),
        ("PGAPPNAME", "env-app"),
        ("PGSSLMODE", "require"),
    ]);
    let config = resolve_in("postgres://ann@given/db", &environment).unwrap();
    assert_eq!(hosts(&config), "given:7777");
    assert_eq!(
        (config.user(), config.application_name(), config.sslmode()),
        ("ann", "env-app", SslMode::Require)
    );
    assert_eq!(password(&config), Some("env-secret"));
    assert!(!format!("{config:?} {config}").contains("env-secret"));

    let config = Config::resolve(None, &environment).unwrap();
    assert_eq!(
        config.to_string(),
        "database \"env-user\" as user \"env-user\" on env:7777"
    );
}

#[test]
fn errors_name_the_variable() {
    for (name, value, expected) in [
        (
            "PGPORT",
            "abc",
            "environment variable PGPORT: invalid port number \"abc\": expected 1 to 65535",
        ),
        (
            "PGSSLMODE",
            "on",
            "environment variable PGSSLMODE: invalid sslmode value",
        ),
        (
            "PGREQUIREAUTH",
            "scram-sha-256",
            "environment variable PGREQUIREAUTH: require_auth=scram-sha-256 is not supported",
        ),
        (
            "PGCONNECT_TIMEOUT",
            "soon",
            "environment variable PGCONNECT_TIMEOUT: invalid integer",
        ),
    ] {
        let environment = Environment::of([(name, value)]).with_os_user("me");
        let error = resolve_in("", &environment).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let requires = Environment::of([("PGREQUIRESSL", "1")]).with_os_user("me");
    assert_eq!(
        resolve_in("", &requires).unwrap().sslmode(),
        SslMode::Require
    );
}

#[test]
fn a_variable_that_is_not_utf8() {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt};
    let environment = Environment::of([("PGUSER", OsString::from_vec(vec![0xff]))]);
    let error = resolve_in("", &environment).unwrap_err().to_string();
    assert_eq!(error, "environment variable PGUSER: the value is not UTF-8");
}

/// A home folder with these files, mode 0600.
#[test]
fn bad_lines_of_a_service_file_are_named() {
    for (line, expected) in [
        ("host db", "line 3: a line that is neither"),
        (
            "hots=db",
            "line 3: unknown connection parameter \"hots\"; did you mean host?",
        ),
        (
            "service=other",
            "line 3: a service cannot refer to another service",
        ),
        ("ldap://x/y", "line 3: LDAP"),
        ("port=abc", "line 3: invalid port number"),
        (
            "gssencmode=require",
            "line 3: gssencmode=require is not supported",
        ),
    ] {
        let home = home(&[("services", &format!("\n[s]\n{line}\n"))]);
        let file = home.path().join("services").display().to_string();
        let error = resolve_in("service=s", &at(home.path(), &[("PGSERVICEFILE", &file)]))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(&format!("service file {file}, {expected}")),
            "{error}"
        );
    }
}

#[test]
fn passwords_from_a_file() {
    let file = "db:5432:shop:ann:from-file\nlocalhost:5432:*:ann:local\n*:6000:*:*:port\nsecond:*:*:*:other\n";
    let home = home(&[(".pgpass", file), ("elsewhere", "*:*:*:*:elsewhere")]);
    let find = |text: &str, more: &[(&str, &str)]| {
        password(&resolve_in(text, &at(home.path(), more)).unwrap()).map(str::to_owned)
    };
    assert_eq!(
        find("host=db user=ann dbname=shop", &[]).as_deref(),
        Some("from-file")
    );
    assert_eq!(find("host=db user=bob dbname=shop", &[]), None);
    assert_eq!(find("user=ann", &[]).as_deref(), Some("local"));
    assert_eq!(find("host=/somewhere user=ann", &[]), None);
    assert_eq!(find("host=x port=6000", &[]).as_deref(), Some("port"));
    assert_eq!(
        find("host=db user=ann dbname=shop password=given", &[]).as_deref(),
        Some("given")
    );
    assert_eq!(
        find("host=db user=ann dbname=shop", &[("PGPASSWORD", "env")]).as_deref(),
        Some("env")
    );
    let elsewhere = home.path().join("elsewhere").display().to_string();
    assert_eq!(
        find(&format!("host=db passfile='{elsewhere}'"), &[]).as_deref(),
        Some("elsewhere")
    );
    assert_eq!(
        find("host=db", &[("PGPASSFILE", &elsewhere)]).as_deref(),
        Some("elsewhere")
    );

    let config = resolve_in("host=db,second user=ann dbname=shop", &at(home.path(), &[])).unwrap();
    let second = config.hosts()[1].credential.as_ref().unwrap();
    assert_eq!(second.password.expose(), "other");
    assert!(matches!(&second.source, Source::PasswordFile(path) if path.ends_with(".pgpass")));
}

#[test]
fn a_password_file_others_can_read_is_not_used() {
    let home = home(&[(".pgpass", "*:*:*:*:open-secret")]);
    fs::set_permissions(
        home.path().join(".pgpass"),
        fs::Permissions::from_mode(0o640),
    )
    .unwrap();
    let config = resolve_in("host=db", &at(home.path(), &[])).unwrap();
    assert_eq!(password(&config), None);
    let [warning] = config.warnings() else {
        panic!("{:?}", config.warnings())
    };
    assert!(
        warning.contains("chmod 0600") && !warning.contains("open-secret"),
        "{warning}"
    );

    let folder = home.path().display().to_string();
    let config = resolve_in("host=db", &at(home.path(), &[("PGPASSFILE", &folder)])).unwrap();
    assert!(
        config.warnings()[0].contains("not a plain file"),
        "{:?}",
        config.warnings()
    );
    let config = resolve_in("host=db passfile=/nowhere", &at(home.path(), &[])).unwrap();
    assert!(
        config.warnings()[0].contains("does not exist"),
        "{:?}",
        config.warnings()
    );
}

#[test]
fn a_typed_password_is_for_servers_that_have_none() {
    let file = "b:*:*:*:from-file\n";
    let home = home(&[(".pgpass", file)]);
    let config = resolve_in("host=a,b", &at(home.path(), &[])).unwrap();
    let earlier = config.clone();
    config.remember_password(Password::new("typed"));
    config.remember_password(Password::new("typed again"));
    let passwords: Vec<_> = earlier
        .hosts()
        .iter()
        .map(|host| earlier.credential(host).unwrap().password.expose())
        .collect();
    assert_eq!(passwords, ["typed", "from-file"]);
    assert!(!format!("{config:?}{earlier:?}").contains("typed again"));
    assert!(!format!("{earlier:?}").contains("\"typed"));
}
