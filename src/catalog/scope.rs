//! What a snapshot covers: which schemas, and whose objects. Pure text; whether one is a member of an extension is told by
//! `names`.

/// Which schemas a snapshot covers: patterns as in psql's `\dn` (`*`, `?`), exclusions win.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Scope {
    /// Only these schemas; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Not these schemas.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Not what these roles own, nor what is about what they make.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_roles: Vec<String>,
}

impl Scope {
    /// Whether objects in this schema count.
    pub fn covers(&self, schema: &str) -> bool {
        if schema.starts_with("pg_") || schema == "information_schema" {
            return false;
        }
        let any = |patterns: &[String]| patterns.iter().any(|pattern| glob(pattern, schema));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }

    /// Whether what belongs to no schema counts: it does unless schemas were chosen.
    pub fn covers_database(&self) -> bool {
        self.include.is_empty()
    }

    /// Whether what this role owns does not count.
    pub fn leaves_out(&self, role: &str) -> bool {
        self.exclude_roles.iter().any(|name| name == role)
    }

    /// Whether it leaves nothing out.
    pub fn is_whole(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty() && self.exclude_roles.is_empty()
    }
}

fn glob(pattern: &str, name: &str) -> bool {
    let mut characters = pattern.chars();
    match characters.next() {
        None => name.is_empty(),
        Some('*') => name
            .char_indices()
            .map(|(at, _)| at)
            .chain([name.len()])
            .any(|at| glob(characters.as_str(), &name[at..])),
        Some(wanted) => {
            let mut rest = name.chars();
            rest.next()
                .is_some_and(|found| wanted == '?' || wanted == found)
                && glob(characters.as_str(), rest.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_patterns() {
        let scope = |include: &[&str], exclude: &[&str]| Scope {
            include: include.iter().map(|&text| text.to_owned()).collect(),
            exclude: exclude.iter().map(|&text| text.to_owned()).collect(),
            exclude_roles: Vec::new(),
        };
        assert!(scope(&[], &[]).covers("app"));
        assert!(!scope(&[], &[]).covers("pg_temp_3"));
        assert!(!scope(&[], &[]).covers("information_schema"));
        assert!(scope(&["app*"], &[]).covers("app12"));
        assert!(!scope(&["app?"], &[]).covers("app12"));
        assert!(!scope(&["app*"], &["*2"]).covers("app12"));
    }
}
