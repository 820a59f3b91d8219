//! The three forms of a connection string.

use proptest::prelude::*;

use super::{parameters, password, resolve};

#[test]
fn urls_that_libpq_takes() {
    for (url, expected) in [
        (
            "postgresql://uri-user:secret@host:12345/db",
            "user='uri-user' password='secret' dbname='db' host='host' port='12345'",
        ),
        (
            "postgresql://uri-user@host:12345/db",
            "user='uri-user' dbname='db' host='host' port='12345'",
        ),
        (
            "postgresql://uri-user@host/db",
            "user='uri-user' dbname='db' host='host'",
        ),
        (
            "postgresql://host:12345/db",
            "dbname='db' host='host' port='12345'",
        ),
        (
            "postgresql://uri-user@host:12345/",
            "user='uri-user' host='host' port='12345'",
        ),
        ("postgresql://uri-user@", "user='uri-user'"),
        ("postgresql://host:12345", "host='host' port='12345'"),
        ("postgresql://host", "host='host'"),
        ("postgresql://", ""),
        ("postgresql://?hostaddr=127.0.0.1", "hostaddr='127.0.0.1'"),
        (
            "postgresql://example.com?hostaddr=63.1.2.4",
            "host='example.com' hostaddr='63.1.2.4'",
        ),
        ("postgresql://%68ost/", "host='host'"),
        (
            "postgresql://host/db?user=uri-user&port=12345",
            "user='uri-user' dbname='db' host='host' port='12345'",
        ),
        (
            "postgresql://host/db?u%73er=other",
            "user='other' dbname='db' host='host'",
        ),
        (
            "postgresql://host:12345?user=uri-user",
            "user='uri-user' host='host' port='12345'",
        ),
        ("postgresql://host?", "host='host'"),
        (
            "postgresql://[::1]:12345/db",
            "dbname='db' host='::1' port='12345'",
        ),
        ("postgresql://[2001:db8::1234]/", "host='2001:db8::1234'"),
        ("postgresql://[::1],[::2]:2", "host='::1,::2' port=',2'"),
        ("postgres://", ""),
        ("postgres:///db", "dbname='db'"),
        ("postgres://uri-user@/db", "user='uri-user' dbname='db'"),
        (
            "postgres://?host=/path/to/socket/dir",
            "host='/path/to/socket/dir'",
        ),
        ("postgres://@host", "host='host'"),
        ("postgres://host:/", "host='host'"),
        ("postgres://:12345/", "port='12345'"),
        (
            "postgres://ann@:12345/db?host=/path/to/socket",
            "user='ann' dbname='db' host='/path/to/socket' port='12345'",
        ),
        (
            "postgres://%2Fvar%2Flib%2Fpostgresql/dbname",
            "dbname='dbname' host='/var/lib/postgresql'",
        ),
        (
            "postgres://a:1,b:2,c/db",
            "dbname='db' host='a,b,c' port='1,2,'",
        ),
        (
            "postgres://u:p%40%2F%3a%23@h/d%20b",
            "user='u' password='p@/:#' dbname='d b' host='h'",
        ),
        (
            "postgres://u:p?q#r@h/db",
            "user='u' password='p?q#r' dbname='db' host='h'",
        ),
        (
            "postgres://h/db?ssl=true",
            "dbname='db' host='h' sslmode='require'",
        ),
        ("postgres://h/a+b", "dbname='a+b' host='h'"),
        ("postgres://h?host=other&host=last", "host='last'"),
        (
            "postgres://h?options=-c%20geqo%3Doff",
            "host='h' options='-c geqo=off'",
        ),
    ] {
        assert_eq!(parameters(url).as_deref(), Ok(expected), "{url}");
    }
}

#[test]
fn urls_that_are_refused() {
    for (url, expected) in [
        (
            "postgresql://host/db?u%7aer=x",
            "unknown connection parameter \"uzer\"; did you mean user?",
        ),
        ("postgre://h/db", "postgre:// is not supported"),
        ("mysql://u:secret@h/db", "mysql:// is not supported"),
        ("postgres://[::1", "no \"]\""),
        ("postgres://[]", "empty IPv6"),
        ("postgres://[::1]z", "after \"]\""),
        ("postgresql://host?zzz", "without \"=\""),
        ("postgresql://host?dbname=a=b", "%3D"),
        (
            "postgres://host?dbname=%XXfoo",
            "dbname in the URL has a \"%\"",
        ),
        ("postgresql://a%00b", "the host in the URL has a %00"),
        ("postgresql://%zz", "%25"),
        ("postgresql://%1", "%25"),
        ("postgresql://%", "%25"),
        ("postgresql://h%ff", "not UTF-8"),
        ("postgres://h:x", "not a number"),
    ] {
        let error = parameters(url).unwrap_err();
        assert!(error.contains(expected), "{url}: {error}");
    }
}

#[test]
fn no_piece_of_a_badly_written_password_is_shown() {
    for text in [
        "postgres://ann:SECRET/SECRET@h/db",
        "postgres://ann:SECRET@SECRET@h/db",
        "postgres://ann:SECRET@SECRET:SECRET@h/db",
        "postgres://ann:12/SECRET@h/db",
        "postgres://ann:12/3?SECRET@h/db",
        "postgres://ann:12/3?SECRET=SECRET@h/db",
        "postgres://ann:SECRET%SECRET@h/db",
        "postgres://ann:SECRET%00@h/db",
        "postgres://h/db?password=SECRET&SECRET",
        "postgres://h/db?password=SECRET&SECRET=SECRET",
        "postgres://h/db?password=SECRET=SECRET",
        "postgres://h/db?password=SECRET%ff",
        "host=h password=SECRET SECRET",
        "host=h password=SECRET SECRET=SECRET",
        "host=h password=SECRET SECRET=' host=h",
        "host=h password='SECRET",
        "host=h sslpassword=SECRET",
        "host=h scram_client_key=SECRET",
        "host=h password='SECRET\0'",
    ] {
        let error = resolve(text).map(|_| ()).unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("SECRET"),
            "{text}: {error}"
        );
    }
}

#[test]
fn keyword_strings() {
    for (text, expected) in [
        ("host=localhost port=5432", "host='localhost' port='5432'"),
        (
            "  host = localhost\n\tport =5432 ",
            "host='localhost' port='5432'",
        ),
        (
            r"password=it\'s\\here dbname='my db'",
            r"password='it's\here' dbname='my db'",
        ),
        (
            r"password='it\'s \\' user=ann",
            r"user='ann' password='it's \'",
        ),
        ("user='' dbname=x", "dbname='x'"),
        // The blank after "=" is skipped, so this is a host called "port=5432". libpq does the same.
        ("host= port=5432", "host='port=5432'"),
        ("user=a user=b", "user='b'"),
        ("user=a'b", "user='a'b'"),
        ("user='a'dbname=b", "user='a' dbname='b'"),
        (r"user=end\", "user='end'"),
        ("user=ä host='ö ü'", "user='ä' host='ö ü'"),
        ("", ""),
        ("shop", "dbname='shop'"),
    ] {
        assert_eq!(parameters(text).as_deref(), Ok(expected), "{text}");
    }
    for (text, expected) in [
        ("host=h user", "missing \"=\" after \"user\""),
        ("user='abc", "the quoted value of user does not end"),
        (r"user='abc\'", "does not end"),
        (
            "hots=h",
            "unknown connection parameter \"hots\"; did you mean host?",
        ),
        (
            "USER=ann",
            "unknown connection parameter \"USER\"; did you mean user?",
        ),
        ("=x", "unknown connection parameter"),
    ] {
        let error = parameters(text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

proptest! {
    /// Any text at all gives settings or an error; nothing of a quoted password is in either's text.
    #[test]
    fn any_text_resolves_or_is_refused(text in any::<String>()) {
        let _ = resolve(&text);
    }

    #[test]
    fn any_url_resolves_or_is_refused(text in "postgres(ql)?://[a-z:@/?&=,%0-9\\[\\] é]{0,40}") {
        let _ = resolve(&text);
    }

    #[test]
    fn an_encoded_password_comes_back(secret in "[^\0]{1,20}") {
        let encoded = percent_encoding::utf8_percent_encode(&secret, percent_encoding::NON_ALPHANUMERIC);
        let config = resolve(&format!("postgres://ann:{encoded}@h/db")).unwrap();
        prop_assert_eq!(password(&config), Some(secret.as_str()));
    }

    #[test]
    fn a_quoted_value_comes_back(secret in "[^\0]{1,20}") {
        let quoted = secret.replace('\\', "\\\\").replace('\'', "\\'");
        let config = resolve(&format!("host=h password='{quoted}' dbname=d")).unwrap();
        prop_assert_eq!(password(&config), Some(secret.as_str()));
        prop_assert_eq!(config.dbname(), "d");
    }
}
