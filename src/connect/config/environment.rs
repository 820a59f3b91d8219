//! What the process was started with: variables, home folder, name of the operating system user.
//!
//! [`Environment::of_process`] is the only place in the program that reads connection settings from `std::env`; every
//! other function takes an [`Environment`], so tests make their own.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use super::{
    key::Key,
    settings::{ConfigError, Settings, Source},
};

/// The surroundings that connection settings are taken from.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, OsString>,
    os_user: Option<String>,
    home: Option<PathBuf>,
}

impl Environment {
    /// An environment with these variables and nothing else.
    pub fn of<K: Into<String>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let variables: BTreeMap<_, _> = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let home = variables
            .get("HOME")
            .filter(|home| !home.is_empty())
            .map(PathBuf::from);
        Self {
            variables,
            os_user: None,
            home,
        }
    }

    /// The same with the name of the operating system user, which is the default of `user`.
    #[must_use]
    pub fn with_os_user(mut self, name: impl Into<String>) -> Self {
        self.os_user = Some(name.into());
        self
    }

    /// The real environment of this process.
    pub fn of_process() -> Self {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let mut environment = Self::of(variables);
        let account = account(rustix::process::geteuid().as_raw());
        // No account: a container run with a bare number, or a directory service that a static binary cannot ask. What
        // the login put into the environment is the best there is.
        let login = || {
            ["USER", "LOGNAME"]
                .iter()
                .find_map(|name| environment.variable(name)?.to_str().map(str::to_owned))
        };
        environment.os_user = account
            .as_ref()
            .map(|account| account.name.clone())
            .or_else(login);
        environment.home = environment.home.or(account.map(|account| account.home));
        environment
    }

    /// The home folder: `HOME`, else the user database.
    pub(super) fn home(&self) -> Option<&PathBuf> {
        self.home.as_ref()
    }

    /// The name of the operating system user.
    pub(super) fn os_user(&self) -> Option<&str> {
        self.os_user.as_deref()
    }

    /// A variable, when set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables
            .get(name)
            .map(OsString::as_os_str)
            .filter(|value| !value.is_empty())
    }

    /// Supplies every parameter that has a variable and was not set yet.
    pub(super) fn supply(&self, settings: &mut Settings) -> Result<(), ConfigError> {
        for key in Key::ALL {
            let Some(name) = key.variable() else { continue };
            self.supply_one(*key, name, settings)?;
        }
        // Deprecated in libpq but honoured there; to drop it in silence would drop the encryption it asks for.
        if self
            .variables
            .get("PGREQUIRESSL")
            .is_some_and(|value| value.as_encoded_bytes().starts_with(b"1"))
        {
            settings.supply(
                Key::Sslmode,
                "require".to_owned(),
                &Source::Environment("PGREQUIRESSL".to_owned()),
            )?;
        }
        Ok(())
    }

    /// Supplies one parameter from the variable `name`.
    pub(super) fn supply_one(
        &self,
        key: Key,
        name: &str,
        settings: &mut Settings,
    ) -> Result<(), ConfigError> {
        let Some(value) = self.variables.get(name) else {
            return Ok(());
        };
        let source = Source::Environment(name.to_owned());
        let value = value
            .to_str()
            .ok_or_else(|| ConfigError::new(&source, "the value is not UTF-8"))?;
        settings.supply(key, value.to_owned(), &source)
    }
}

/// A line of the user database.
pub(in crate::connect) struct Account {
    pub(in crate::connect) name: String,
    home: PathBuf,
}

/// The account with this user id, from `/etc/passwd` (passwd(5)). The C library's lookup would need its plug-ins at run
/// time, which a static binary does not have.
pub(in crate::connect) fn account(uid: u32) -> Option<Account> {
    find_account(&std::fs::read_to_string("/etc/passwd").ok()?, uid)
}

fn find_account(passwd: &str, uid: u32) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number: u32 = fields.nth(1)?.parse().ok()?;
        let home = fields.nth(2)?;
        (number == uid && !name.is_empty()).then(|| Account {
            name: name.to_owned(),
            home: PathBuf::from(home),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::find_account;

    #[test]
    fn accounts_by_number() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\n# no account\nann:x:1000:1000::/home/ann:/bin/sh\nbad:x\n";
        let ann = find_account(passwd, 1000).map(|account| (account.name, account.home));
        assert_eq!(ann, Some(("ann".to_owned(), "/home/ann".into())));
        assert!(find_account(passwd, 7).is_none());
    }
}
