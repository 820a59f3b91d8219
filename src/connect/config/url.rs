//! Connection URLs: `postgresql://user:password@host:port,host2/dbname?key=value`.
//!
//! Follows `conninfo_uri_parse_options` in `fe-connect.c` and RFC 3986 percent-encoding. Pure. Its errors never show
//! text in which a badly encoded password could hide: see the tests.

use percent_encoding::percent_decode_str;

use super::{
    key::Key,
    settings::{ConfigError, Settings, Source, unknown_key},
};

const SCHEMES: [&str; 2] = ["postgresql://", "postgres://"];

/// What follows the scheme, when `text` is a connection URL.
pub(super) fn after_scheme(text: &str) -> Option<&str> {
    SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme))
}

/// Parses what follows the scheme into `settings`.
pub(super) fn parse(
    rest: &str,
    settings: &mut Settings,
    source: &Source,
) -> Result<(), ConfigError> {
    let mut url = Url {
        rest,
        settings,
        source,
    };
    let had_user = url.user_and_password()?;
    url.hosts(had_user)?;
    url.dbname(had_user)?;
    url.parameters(had_user)
}

/// The part of the URL that is still to be read, and where values go.
struct Url<'a> {
    rest: &'a str,
    settings: &'a mut Settings,
    source: &'a Source,
}

impl<'a> Url<'a> {
    fn error(&self, message: impl Into<String>) -> ConfigError {
        ConfigError::new(self.source, message)
    }

    /// Reads up to one of `stops`, which stays unread, or to the end.
    fn until(&mut self, stops: &[char]) -> &'a str {
        let end = self.rest.find(stops).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// Reads `mark` if it is next.
    fn skip(&mut self, mark: char) -> bool {
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// `user:password@`; true when there was an `@`. Like libpq, looks for it up to the first slash.
    fn user_and_password(&mut self) -> Result<bool, ConfigError> {
        let end = self.rest.find(['@', '/']).unwrap_or(self.rest.len());
        let (before, after) = self.rest.split_at(end);
        let Some(after) = after.strip_prefix('@') else {
            return Ok(false);
        };
        let (user, password) = before.split_once(':').unwrap_or((before, ""));
        if !user.is_empty() {
            let user = self.decode(user, "the user name")?;
            self.settings.assign(Key::User, user, self.source)?;
        }
        if !password.is_empty() {
            let password = self.decode(password, "the password")?;
            self.settings.assign(Key::Password, password, self.source)?;
        }
        self.rest = after;
        Ok(true)
    }

    /// `host:port,host:port`. The lists are joined by commas, which is how the parameters `host` and `port` hold them.
    fn hosts(&mut self, had_user: bool) -> Result<(), ConfigError> {
        let (mut hosts, mut ports) = (Vec::new(), Vec::new());
        loop {
            hosts.push(self.host(had_user)?);
            let port = if self.skip(':') {
                self.until(&['/', '?', ','])
            } else {
                ""
            };
            // Not echoed: with a slash in the password, what looks like the port is the password's beginning.
            if !port.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(self.error(
                    "the port in the URL is not a number; if the user name or the password holds one of / ? # @ : % , \
                     write that character percent-encoded (%2F %3F %23 %40 %3A %25 %2C)",
                ));
            }
            ports.push(port);
            if !self.skip(',') {
                break;
            }
        }
        if hosts.iter().any(|host| !host.is_empty()) {
            self.settings
                .assign(Key::Host, hosts.join(","), self.source)?;
        }
        if ports.iter().any(|port| !port.is_empty()) {
            self.settings
                .assign(Key::Port, ports.join(","), self.source)?;
        }
        Ok(())
    }

    fn host(&mut self, had_user: bool) -> Result<String, ConfigError> {
        if self.skip('[') {
            let address = self.until(&[']']);
            if !self.skip(']') {
                return Err(self.error("the URL has no \"]\" after an IPv6 address"));
            }
            if address.is_empty() {
                return Err(self.error("the URL has an empty IPv6 address: []"));
            }
            if !(self.rest.is_empty() || self.rest.starts_with([':', '/', '?', ','])) {
                return Err(self.error(
                    "the URL has something other than \":\", \",\", \"/\" or \"?\" after \"]\"",
                ));
            }
            return self.decode(address, "the host");
        }
        let host = self.until(&[':', '/', '?', ',']);
        if had_user && host.contains('@') {
            return Err(self.error("the URL has a second \"@\"; write an \"@\" in the user name or the password as %40"));
        }
        self.decode(host, "the host")
    }

    fn dbname(&mut self, had_user: bool) -> Result<(), ConfigError> {
        if !self.skip('/') {
            return Ok(());
        }
        let dbname = self.until(&['?']);
        // libpq would take all of it as the name and show it. Far more often a slash in a password was not encoded.
        if !had_user && dbname.contains('@') {
            return Err(self.error(
                "the URL has an \"@\" after its first \"/\"; write a \"/\" in the user name or the password as %2F, \
                 and an \"@\" in a database name as %40",
            ));
        }
        if dbname.is_empty() {
            return Ok(());
        }
        let dbname = self.decode(dbname, "the database name")?;
        self.settings.assign(Key::Dbname, dbname, self.source)
    }

    fn parameters(&mut self, had_user: bool) -> Result<(), ConfigError> {
        if !self.skip('?') {
            return Ok(());
        }
        // What looks like a parameter may be the rest of a password in which "&", "/" or "?" was not encoded.
        let mut doubtful = !had_user && self.rest.contains('@');
        while !self.rest.is_empty() {
            let parameter = self.until(&['&']);
            self.skip('&');
            doubtful |= self.parameter(parameter, doubtful)?;
        }
        Ok(())
    }

    /// One `key=value`; tells whether it was a secret one.
    fn parameter(&mut self, parameter: &str, doubtful: bool) -> Result<bool, ConfigError> {
        let Some((name, value)) = parameter.split_once('=') else {
            return Err(self.error(
                "the URL has a parameter without \"=\" (in a password write & as %26, ? as %3F)",
            ));
        };
        let name = self.decode(name, "the name of a parameter")?;
        // Written by JDBC users; libpq takes this one spelling of it.
        if name == "ssl" && value == "true" {
            self.settings
                .assign(Key::Sslmode, "require".to_owned(), self.source)?;
            return Ok(false);
        }
        let Some(key) = Key::from_name(&name) else {
            return Err(if doubtful {
                self.error(
                    "the URL has an unknown parameter (in a password write & as %26, ? as %3F)",
                )
            } else {
                unknown_key(&name, self.source)
            });
        };
        if value.contains('=') {
            return Err(self.error(format!(
                "the value of URL parameter {name} has an \"=\"; write it as %3D"
            )));
        }
        let value = self.decode(value, &format!("parameter {name}"))?;
        self.settings.assign(key, value, self.source)?;
        Ok(key.is_secret())
    }

    /// Percent-decodes. A `+` is a plus sign.
    fn decode(&self, text: &str, what: &str) -> Result<String, ConfigError> {
        let bad_escape = text.split('%').skip(1).any(|tail| {
            let digits = tail.as_bytes().get(..2);
            !digits.is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
        });
        if bad_escape {
            return Err(self.error(format!(
                "{what} in the URL has a \"%\" without two hexadecimal digits; write it as %25"
            )));
        }
        let bytes: Vec<u8> = percent_decode_str(text).collect();
        if bytes.contains(&0) {
            return Err(self.error(format!("{what} in the URL has a %00")));
        }
        String::from_utf8(bytes).map_err(|_| self.error(format!("{what} in the URL is not UTF-8")))
    }
}
