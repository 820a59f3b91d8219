//! Access control lists: `aclitem[]` (`src/backend/utils/adt/acl.c`; manual, 5.8 Privileges) read, compared
//! with the default, and turned into GRANT and REVOKE.
//!
//! NULL and an explicit list equal to the default for the kind and owner are the same thing; the order of
//! items is not significant, grantors are.

use std::collections::BTreeMap;
use std::fmt;

use crate::catalog::id::{Id, Style};
use crate::catalog::names::Names;
use crate::catalog::quote::ident;
use crate::catalog::roles::{RoleNames, rename};
use crate::catalog::row::RowError;
use crate::catalog::step::Step;
use crate::record;

record! {
    /// What one role granted to another on one object.
    #[derive(PartialOrd, Ord)]
    pub struct Grant {
        /// Who may; empty for PUBLIC.
        pub grantee: String,
        /// Who granted it.
        pub grantor: String,
        /// Privilege letters in alphabetical order, each followed by `*` when it can be granted on.
        pub privileges: String,
    }
}

/// As the server prints it.
impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}/{}", self.grantee, self.privileges, self.grantor)
    }
}

/// Privilege letters and their keywords (manual, table 5.1).
const PRIVILEGES: &[(char, &str)] = &[
    ('a', "INSERT"),
    ('r', "SELECT"),
    ('w', "UPDATE"),
    ('d', "DELETE"),
    ('D', "TRUNCATE"),
    ('x', "REFERENCES"),
    ('t', "TRIGGER"),
    ('m', "MAINTAIN"),
    ('X', "EXECUTE"),
    ('U', "USAGE"),
    ('C', "CREATE"),
    ('c', "CONNECT"),
    ('T', "TEMPORARY"),
    ('s', "SET"),
    ('A', "ALTER SYSTEM"),
];

/// What `acldefault()` gives to the owner and to PUBLIC for an object type.
fn default_privileges(letter: char, version: u32) -> (&'static str, &'static str) {
    match letter {
        'r' if version >= 170_000 => ("arwdDxtm", ""),
        'r' => ("arwdDxt", ""),
        's' => ("rwU", ""),
        'd' => ("CTc", "Tc"),
        'f' => ("X", "X"),
        'l' | 'T' => ("U", "U"),
        'n' => ("UC", ""),
        'F' | 'S' => ("U", ""),
        't' => ("C", ""),
        'L' => ("rw", ""),
        _ => ("", ""),
    }
}

/// The default list of a kind and owner.
pub fn default(letter: char, owner: &str, version: u32) -> Vec<Grant> {
    let (own, public) = default_privileges(letter, version);
    let mut list: Vec<Grant> = [(owner, own), ("", public)]
        .into_iter()
        .filter(|(_, letters)| !letters.is_empty())
        .map(|(grantee, letters)| Grant {
            grantee: grantee.to_owned(),
            grantor: owner.to_owned(),
            privileges: sorted(letters),
        })
        .collect();
    list.sort();
    list
}

/// Reads the items of an `aclitem[]`; `None` when it is the default.
pub fn read(
    items: &[String],
    is_null: bool,
    letter: char,
    owner: &str,
    names: &Names,
) -> Result<Option<Vec<Grant>>, RowError> {
    if is_null {
        return Ok(None);
    }
    let list = parse_list(items)?;
    Ok((list != default(letter, owner, names.version())).then_some(list))
}

/// The items of an `aclitem[]`, sorted.
pub fn parse_list(items: &[String]) -> Result<Vec<Grant>, RowError> {
    let mut list = Vec::with_capacity(items.len());
    for item in items {
        let grant =
            parse(item).ok_or_else(|| RowError::new("acl", format!("{item:?} is no aclitem")))?;
        if !grant.privileges.is_empty() {
            list.push(grant);
        }
    }
    list.sort();
    Ok(list)
}

/// `grantee=privileges/grantor`, names quoted as `putid()` does.
fn parse(item: &str) -> Option<Grant> {
    let (grantee, rest) = name(item)?;
    let (privileges, grantor) = rest.strip_prefix('=')?.split_once('/')?;
    let (grantor, rest) = name(grantor)?;
    rest.is_empty().then(|| Grant {
        grantee,
        grantor,
        privileges: sorted(privileges),
    })
}

fn name(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find('=').unwrap_or(text.len());
        return Some((text.get(..end)?.to_owned(), text.get(end..)?));
    };
    let mut name = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if character != '"' {
            name.push(character);
        } else if characters.next_if(|&(_, next)| next == '"').is_some() {
            name.push('"');
        } else {
            return Some((name, quoted.get(at + 1..)?));
        }
    }
    None
}

/// Privilege letters in order, each with its star.
fn sorted(privileges: &str) -> String {
    let mut letters: Vec<String> = Vec::new();
    for letter in privileges.chars() {
        match letters.last_mut() {
            Some(last) if letter == '*' => last.push('*'),
            _ => letters.push(letter.to_string()),
        }
    }
    letters.sort();
    letters.concat()
}

/// One privilege of one grantee from one grantor; the value is whether it can be granted on.
type Privileges = BTreeMap<(String, String, char), bool>;

/// Gives roles other names; what one is granted twice by then becomes one grant.
pub(in crate::catalog) fn rename_roles(list: &mut Vec<Grant>, names: &RoleNames) {
    for grant in list.iter_mut() {
        let own = grant.grantee == grant.grantor;
        rename(&mut grant.grantee, names);
        rename(&mut grant.grantor, names);
        if !own && grant.grantee == grant.grantor {
            // Nobody needs leave to grant to himself.
            grant.privileges = grant.privileges.replace('*', "");
        }
    }
    let mut merged: BTreeMap<(String, String), String> = BTreeMap::new();
    for ((grantor, grantee, letter), option) in spread(list) {
        let privileges = merged.entry((grantee, grantor)).or_default();
        privileges.push(letter);
        privileges.push_str(if option { "*" } else { "" });
    }
    let grants = merged.into_iter();
    *list = grants
        .map(|((grantee, grantor), privileges)| Grant {
            grantee,
            grantor,
            privileges: sorted(&privileges),
        })
        .collect();
}

fn spread(list: &[Grant]) -> Privileges {
    let mut privileges = Privileges::new();
    for grant in list {
        let mut letters = grant.privileges.chars().peekable();
        while let Some(letter) = letters.next() {
            let option = letters.next_if_eq(&'*').is_some();
            let key = (grant.grantor.clone(), grant.grantee.clone(), letter);
            *privileges.entry(key).or_default() |= option;
        }
    }
    privileges
}

/// The steps from one list to another; each side is (owner, list or `None` for the default). The old list
/// is first rewritten as `ALTER .. OWNER` does it: what the old owner had or granted is the new owner's
/// (`aclnewowner()`).
pub fn change(
    id: &Id,
    (old_owner, old): (&str, Option<&[Grant]>),
    (owner, new): (&str, Option<&[Grant]>),
    version: u32,
) -> Vec<Step> {
    let Some((letter, keyword)) = id.kind.acl() else {
        return Vec::new();
    };
    if old.is_none() && new.is_none() {
        return Vec::new();
    }
    let list = |list: Option<&[Grant]>| {
        list.map_or_else(|| default(letter, owner, version), <[Grant]>::to_vec)
    };
    let mut before = list(old);
    if !old_owner.is_empty() && old_owner != owner {
        for grant in &mut before {
            hand_over(grant, old_owner, owner);
        }
    }
    let target = match id.kind.style() {
        Style::Column => Target {
            prefix: "",
            column: Some(&id.name),
            on: format!("TABLE {}", id.on_sql()),
        },
        Style::Global
        | Style::Qualified
        | Style::Routine
        | Style::On
        | Style::Operator
        | Style::Using
        | Style::Member
        | Style::Cast
        | Style::Transform
        | Style::Verbatim => Target {
            prefix: "",
            column: None,
            on: format!("{keyword} {}", id.sql()),
        },
    };
    target.change(id, owner, &before, &list(new))
}

/// Steps for the ACL of something inside an object that is no object of its own (a view's column).
pub fn change_column(
    id: &Id,
    column: &str,
    owner: &str,
    old: Option<&[Grant]>,
    new: Option<&[Grant]>,
) -> Vec<Step> {
    let target = Target {
        prefix: "",
        column: Some(column),
        on: format!("TABLE {}", id.sql()),
    };
    target.change(id, owner, old.unwrap_or_default(), new.unwrap_or_default())
}

/// A grant after something went from one owner to another (`aclnewowner()`).
pub(in crate::catalog) fn hand_over(grant: &mut Grant, old_owner: &str, owner: &str) {
    for name in [&mut grant.grantee, &mut grant.grantor] {
        if name == old_owner {
            owner.clone_into(name);
        }
    }
}

/// The statements from one list to another for something that is no object of the catalog, in a session of its owner
/// or of a superuser.
pub(in crate::catalog) fn statements(
    on: String,
    owner: &str,
    old: &[Grant],
    new: &[Grant],
) -> Vec<String> {
    let target = Target {
        prefix: "",
        column: None,
        on,
    };
    let mut statements = Vec::new();
    for (sql, grantor, _) in target.spell(owner, old, new) {
        if grantor == owner {
            statements.push(sql);
        } else {
            statements.extend([
                format!("SET ROLE {}", ident(&grantor)),
                sql,
                "RESET ROLE".to_owned(),
            ]);
        }
    }
    statements
}

/// What GRANT and REVOKE are about.
pub(in crate::catalog) struct Target<'a> {
    /// What stands before them (`ALTER DEFAULT PRIVILEGES .. `).
    pub(in crate::catalog) prefix: &'a str,
    /// A column of a relation.
    pub(in crate::catalog) column: Option<&'a str>,
    /// What follows ON.
    pub(in crate::catalog) on: String,
}

impl Target<'_> {
    /// The steps from one list to another, of something that this role owns.
    pub(in crate::catalog) fn change(
        &self,
        id: &Id,
        owner: &str,
        old: &[Grant],
        new: &[Grant],
    ) -> Vec<Step> {
        let spelled = self.spell(owner, old, new).into_iter();
        let steps = spelled.map(|(sql, grantor, widens)| {
            let step = as_role(Step::alter(id, sql), owner, &grantor);
            if widens { step.widening() } else { step }
        });
        steps.collect()
    }

    /// The statements from one list to another, each with who grants or revokes, and whether it lets anybody but the
    /// owner do more.
    fn spell(&self, owner: &str, old: &[Grant], new: &[Grant]) -> Vec<(String, String, bool)> {
        let (old, new) = (spread(old), spread(new));
        let mut revoked = Gathered::default();
        let mut granted = Gathered::default();
        for (key, option) in &old {
            match new.get(key) {
                None => revoked.add(key, Mode::Whole),
                Some(false) if *option => revoked.add(key, Mode::OptionOnly),
                Some(_) => {}
            }
        }
        for (key, option) in &new {
            if old.get(key).is_none_or(|had| *option && !had) {
                granted.add(
                    key,
                    if *option {
                        Mode::OptionOnly
                    } else {
                        Mode::Whole
                    },
                );
            }
        }
        let mut statements = Vec::new();
        for ((grantor, grantee, mode), letters) in revoked.in_order(owner).into_iter().rev() {
            let option = if mode == Mode::OptionOnly {
                "GRANT OPTION FOR "
            } else {
                ""
            };
            let sql = format!(
                "{}REVOKE {option}{} ON {} FROM {}",
                self.prefix,
                self.list(&letters),
                self.on,
                role(&grantee)
            );
            statements.push((sql, grantor, false));
        }
        for ((grantor, grantee, mode), letters) in granted.in_order(owner) {
            let option = if mode == Mode::OptionOnly {
                " WITH GRANT OPTION"
            } else {
                ""
            };
            let sql = format!(
                "{}GRANT {} ON {} TO {}{option}",
                self.prefix,
                self.list(&letters),
                self.on,
                role(&grantee)
            );
            statements.push((sql, grantor, grantee != owner));
        }
        statements
    }

    fn list(&self, letters: &str) -> String {
        let column = self
            .column
            .map_or_else(String::new, |column| format!(" ({})", ident(column)));
        let keywords = PRIVILEGES
            .iter()
            .filter(|(letter, _)| letters.contains(*letter));
        keywords
            .map(|(_, keyword)| format!("{keyword}{column}"))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// A grant by another role than the owner can only be made as that role.
fn as_role(step: Step, owner: &str, grantor: &str) -> Step {
    if grantor == owner {
        step
    } else {
        step.as_role(grantor)
    }
}

/// A role as GRANT names it; the empty name is PUBLIC.
pub(in crate::catalog) fn role(name: &str) -> String {
    if name.is_empty() {
        "PUBLIC".to_owned()
    } else {
        ident(name).into_owned()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Mode {
    Whole,
    OptionOnly,
}

#[derive(Default)]
struct Gathered(BTreeMap<(String, String, Mode), String>);

impl Gathered {
    fn add(&mut self, (grantor, grantee, letter): &(String, String, char), mode: Mode) {
        self.0
            .entry((grantor.clone(), grantee.clone(), mode))
            .or_default()
            .push(*letter);
    }

    /// Grants of the owner first, then those of roles that hold the option by then, and so on; sorted by
    /// name within.
    fn in_order(self, owner: &str) -> Vec<((String, String, Mode), String)> {
        let mut rest: Vec<_> = self.0.into_iter().collect();
        let mut able = vec![owner.to_owned()];
        let mut ordered = Vec::with_capacity(rest.len());
        loop {
            let (now, later): (Vec<_>, Vec<_>) = rest
                .into_iter()
                .partition(|((grantor, ..), _)| able.contains(grantor));
            if now.is_empty() {
                ordered.extend(later);
                return ordered;
            }
            able.extend(now.iter().map(|((_, grantee, _), _)| grantee.clone()));
            ordered.extend(now);
            rest = later;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::catalog::kind::Tag;

    fn grant(item: &str) -> Grant {
        parse(item).unwrap()
    }

    #[test]
    fn items_are_parsed() {
        let read = grant("\"a\"\"b=c\"=wr*/\"o o\"");
        assert_eq!(
            (
                read.grantee.as_str(),
                read.grantor.as_str(),
                read.privileges.as_str()
            ),
            ("a\"b=c", "o o", "r*w")
        );
        assert_eq!(grant("=U/postgres").grantee, "");
        assert_eq!(parse("nonsense"), None);
    }

    #[test]
    fn the_difference_becomes_statements() {
        let id = Id::global(Tag::Schema, "app");
        let old = [grant("alice=U/owner"), grant("owner=UC/owner")];
        let new = [
            grant("=U/owner"),
            grant("bob=C/alice"),
            grant("alice=UC*/owner"),
            grant("owner=UC/owner"),
        ];
        let steps = change(&id, ("owner", Some(&old)), ("owner", Some(&new)), 150_000);
        let sql: Vec<_> = steps
            .iter()
            .map(|step| (step.sql.as_str(), step.role.as_deref()))
            .collect();
        assert_eq!(
            sql,
            [
                ("GRANT USAGE ON SCHEMA app TO PUBLIC", None),
                (
                    "GRANT CREATE ON SCHEMA app TO alice WITH GRANT OPTION",
                    None
                ),
                ("GRANT CREATE ON SCHEMA app TO bob", Some("alice")),
            ]
        );
    }

    #[test]
    fn the_default_is_nothing() {
        let id = Id::global(Tag::Schema, "app");
        assert!(change(&id, ("a", None), ("b", None), 150_000).is_empty());
        let none = change(&id, ("owner", None), ("owner", Some(&[])), 150_000);
        assert_eq!(none.len(), 1);
        assert_eq!(none[0].sql, "REVOKE USAGE, CREATE ON SCHEMA app FROM owner");
    }
}
