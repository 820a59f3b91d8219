//! What changing the type of a column takes: which cast, and whether the rows are written anew.
//!
//! Works on type names as `format_type()` prints them, so it knows the built-in types only; everything else
//! goes by way of text, which every type has (manual: CREATE CAST, "I/O conversion casts").

/// Types of one family convert to each other by assignment (`pg_cast.castcontext` of `i` or `a`).
const FAMILIES: &[&[&str]] = &[
    &[
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "real",
        "double precision",
    ],
    &[
        "date",
        "timestamp without time zone",
        "timestamp with time zone",
    ],
    &["time without time zone", "time with time zone"],
    &["json", "jsonb"],
    &["inet", "cidr"],
    &["bit", "bit varying"],
    STRINGS,
];

const STRINGS: &[&str] = &["text", "character varying", "character"];

/// Pairs with an explicit cast whose result differs from that of a conversion by way of text.
const EXPLICIT: &[(&str, &str)] = &[
    ("boolean", "integer"),
    ("integer", "boolean"),
    ("integer", "bit"),
    ("bigint", "bit"),
    ("bit", "integer"),
    ("bit", "bigint"),
    ("jsonb", "boolean"),
    ("jsonb", "smallint"),
    ("jsonb", "integer"),
    ("jsonb", "bigint"),
    ("jsonb", "numeric"),
    ("jsonb", "real"),
    ("jsonb", "double precision"),
    ("timestamp without time zone", "time without time zone"),
    ("timestamp with time zone", "time without time zone"),
    ("timestamp with time zone", "time with time zone"),
    ("interval", "time without time zone"),
    ("time without time zone", "interval"),
];

/// A type name taken apart: `character varying(20)[]` is a name, a modifier and whether it is an array.
struct Type<'a> {
    base: String,
    modifier: &'a str,
    array: bool,
}

impl<'a> Type<'a> {
    fn new(text: &'a str) -> Self {
        let (element, array) = text
            .strip_suffix("[]")
            .map_or((text, false), |element| (element, true));
        // A modifier can stand in the middle: timestamp(3) without time zone.
        let parts = element.split_once('(').and_then(|(before, rest)| {
            let (modifier, after) = rest.split_once(')')?;
            Some((format!("{before}{after}"), modifier))
        });
        let (base, modifier) = match parts {
            Some(parts) if !element.contains('"') => parts,
            _ => (element.to_owned(), ""),
        };
        Self {
            base,
            modifier,
            array,
        }
    }

    fn is_string(&self) -> bool {
        STRINGS.contains(&self.base.as_str())
    }
}

/// The expression after USING that converts a column; `None` when the assignment cast will do.
pub(super) fn using(column: &str, old: &str, new: &str) -> Option<String> {
    let (from, to) = (Type::new(old), Type::new(new));
    if from.array == to.array && (from.base == to.base || of_one_family(&from.base, &to.base)) {
        return None;
    }
    // Anything becomes a string by assignment, and explicitly anything comes from one.
    if to.is_string() && !to.array {
        return None;
    }
    let explicit = EXPLICIT.contains(&(from.base.as_str(), to.base.as_str()));
    let direct = (from.array == to.array && explicit) || (from.is_string() && !from.array);
    if direct {
        return Some(format!("{column}::{new}"));
    }
    Some(format!("{column}::text::{new}"))
}

fn of_one_family(a: &str, b: &str) -> bool {
    FAMILIES
        .iter()
        .any(|family| family.contains(&a) && family.contains(&b))
}

/// Whether the server keeps the rows as they are: the stored form is the same and the new type allows at
/// least as much (`ATColumnChangeRequiresRewrite()` of `tablecmds.c` and the support functions of the casts).
pub(super) fn keeps_rows(old: &str, new: &str) -> bool {
    let (from, to) = (Type::new(old), Type::new(new));
    if from.array || to.array {
        return old == new;
    }
    if from.base == to.base {
        return widens(&from.base, from.modifier, to.modifier);
    }
    match (from.base.as_str(), to.base.as_str()) {
        ("character varying", "text") | ("cidr", "inet") => true,
        ("text", "character varying") => to.modifier.is_empty(),
        _ => false,
    }
}

/// Whether one is the type of the extension `citext`, whose rows are those of `text`, and the other is it too, or `text`: the
/// server keeps them, by way of `text` or not.
pub(super) fn only_compares_otherwise(old: &str, new: &str) -> bool {
    let (from, to) = (Type::new(old), Type::new(new));
    let is_citext = |kind: &Type<'_>| kind.base == "citext" || kind.base.ends_with(".citext");
    let is_text = |kind: &Type<'_>| matches!(kind.base.as_str(), "text" | "character varying");
    let is_either = |kind: &Type<'_>| !kind.array && (is_citext(kind) || is_text(kind));
    let any = is_citext(&from) || is_citext(&to);
    any && is_either(&from) && is_either(&to) && to.modifier.is_empty()
}

fn widens(base: &str, old: &str, new: &str) -> bool {
    if old == new {
        return true;
    }
    let numbers = |modifier: &str| -> Option<Vec<i32>> {
        modifier
            .split(',')
            .map(|number| number.trim().parse().ok())
            .collect()
    };
    match base {
        "character varying" | "bit varying" | "numeric" if new.is_empty() => true,
        "character varying" | "bit varying" => {
            match (numbers(old).as_deref(), numbers(new).as_deref()) {
                (Some([old]), Some([new])) => new >= old,
                _ => false,
            }
        }
        "numeric" => match (numbers(old).as_deref(), numbers(new).as_deref()) {
            (Some([old, old_scale]), Some([new, new_scale])) => {
                new >= old && new_scale == old_scale
            }
            _ => false,
        },
        "timestamp without time zone"
        | "timestamp with time zone"
        | "interval"
        | "time without time zone"
        | "time with time zone" => match (numbers(old).as_deref(), numbers(new).as_deref()) {
            (Some([old]), Some([new])) => new >= old,
            (_, Some([new])) => *new >= 6,
            _ => new.is_empty(),
        },
        _ => false,
    }
}

/// The storage of a type that a column has when nothing is said (`pg_type.typstorage`); for servers before
/// 16, which have no SET STORAGE DEFAULT. Only variable-length types can have another.
pub(super) fn default_storage(data_type: &str) -> &'static str {
    match Type::new(data_type).base.as_str() {
        "numeric" | "inet" | "cidr" if !data_type.ends_with("[]") => "MAIN",
        _ => "EXTENDED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts() {
        let using = |old, new| using("c", old, new);
        assert_eq!(using("integer", "numeric(10,2)"), None);
        assert_eq!(
            using("character varying(20)", "character varying(10)"),
            None
        );
        assert_eq!(using("uuid", "text"), None);
        assert_eq!(using("character varying(20)[]", "text[]"), None);
        assert_eq!(using("timestamp(3) without time zone", "date"), None);
        assert_eq!(using("text", "integer").as_deref(), Some("c::integer"));
        assert_eq!(using("text", "app.mood").as_deref(), Some("c::app.mood"));
        assert_eq!(using("boolean", "integer").as_deref(), Some("c::integer"));
        assert_eq!(using("app.a", "app.b").as_deref(), Some("c::text::app.b"));
        assert_eq!(
            using("app.a[]", "text[]").as_deref(),
            Some("c::text::text[]")
        );
        assert_eq!(
            using("app.\"a(1)\"", "app.b").as_deref(),
            Some("c::text::app.b")
        );
    }

    #[test]
    fn rewrites() {
        assert!(keeps_rows("character varying(20)", "text"));
        assert!(keeps_rows("character varying(20)", "character varying(21)"));
        assert!(!keeps_rows(
            "character varying(20)",
            "character varying(19)"
        ));
        assert!(!keeps_rows("text", "character varying(19)"));
        assert!(keeps_rows("numeric(10,2)", "numeric(12,2)"));
        assert!(!keeps_rows("numeric(10,2)", "numeric(12,3)"));
        assert!(keeps_rows(
            "timestamp(3) without time zone",
            "timestamp without time zone"
        ));
        assert!(!keeps_rows(
            "timestamp without time zone",
            "timestamp(3) without time zone"
        ));
        assert!(keeps_rows("interval(4)", "interval"));
        assert!(!keeps_rows("interval", "interval(4)"));
        assert!(!keeps_rows("integer", "bigint"));
        assert!(only_compares_otherwise("text", "ext.citext"));
        assert!(only_compares_otherwise("citext", "character varying"));
        assert!(only_compares_otherwise("ext.citext", "public.citext"));
        assert!(!only_compares_otherwise("citext", "character varying(9)"));
        assert!(!only_compares_otherwise("character(3)", "citext"));
        assert!(!only_compares_otherwise("text", "character varying"));
    }

    #[test]
    fn storage() {
        assert_eq!(default_storage("numeric(10,2)"), "MAIN");
        assert_eq!(default_storage("numeric[]"), "EXTENDED");
    }
}
