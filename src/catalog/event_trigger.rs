//! Event triggers (`pg_event_trigger`; manual: CREATE EVENT TRIGGER). They are made after all else, since they
//! fire on what a plan does.

use std::fmt::Write as _;

use super::Catalog;
use super::address::{Class, Key};
use super::id::{Family, Id, Style};
use super::kind::{Change, Found, Kind, Query, Source, Tag};
use super::names::Names;
use super::quote::literal;
use super::row::{Row, RowError};
use super::step::Step;
use super::table::trigger::Fires;
use crate::record;

record! {
    /// An event trigger.
    pub struct EventTrigger {
        /// The event.
        pub event: String,
        /// WHEN TAG IN, in the server's order; empty for all commands.
        pub tags: Vec<String>,
        /// Its function, qualified and quoted.
        pub function: String,
        /// When it fires.
        pub fires: Fires,
    }
}

impl EventTrigger {
    fn fires(&self, id: &Id) -> Step {
        let sql = format!("ALTER EVENT TRIGGER {} {}", id.sql(), self.fires.words());
        Step::alter(id, sql).last()
    }
}

impl Kind for EventTrigger {
    const NAME: &'static str = "event trigger";
    const LABEL: &'static str = "event trigger";
    const KEYWORD: &'static str = "EVENT TRIGGER";
    const STYLE: Style = Style::Global;
    const FAMILY: Family = Family::Own(Tag::EventTrigger);
    const REBUILDABLE: bool = true;
    const SOURCES: &'static [Source] = &[Source::Catalog(Class::EVENT_TRIGGER)];
    const QUERIES: &'static [Query] = &[Query {
        since: 0,
        sql: "SELECT e.oid, e.evtname, e.evtevent, e.evttags, e.evtenabled, e.evtowner AS owner, \
              quote_ident(n.nspname) || '.' || quote_ident(p.proname) AS function \
              FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid JOIN pg_namespace n ON n.oid = p.pronamespace",
    }];

    fn read(row: &Row<'_>, names: &Names) -> Result<Option<Found<Self>>, RowError> {
        if !names.scope().covers_database() {
            return Ok(None);
        }
        Ok(Some(Found::new(
            Id::global(Tag::EventTrigger, row.text("evtname")?),
            Key::new(Class::EVENT_TRIGGER, row.number("oid")?),
            Self {
                event: row.text("evtevent")?.to_owned(),
                tags: row.list("evttags")?,
                function: row.text("function")?.to_owned(),
                fires: Fires::new(row.letter("evtenabled")?),
            },
        )))
    }

    fn create(&self, id: &Id, _scene: &Catalog) -> Vec<Step> {
        let Self {
            event,
            tags,
            function,
            fires,
        } = self;
        let mut sql = format!("CREATE EVENT TRIGGER {} ON {event}", id.sql());
        if !tags.is_empty() {
            let tags: Vec<String> = tags.iter().map(|tag| literal(tag)).collect();
            let _ = write!(sql, " WHEN TAG IN ({})", tags.join(", "));
        }
        let _ = write!(sql, " EXECUTE FUNCTION {function}()");
        let mut steps = vec![Step::create(id, sql).last()];
        if *fires != Fires::default() {
            steps.push(self.fires(id));
        }
        steps
    }

    fn newer(&self, _id: &Id, _scene: &Catalog) -> Vec<(u32, &'static str)> {
        let has = self.event == "login";
        has.then_some((170_000, "the event login"))
            .into_iter()
            .collect()
    }

    fn drop(&self, id: &Id) -> Step {
        Step::drop(id, format!("DROP EVENT TRIGGER {}", id.sql()))
    }

    fn change(&self, new: &Self, id: &Id, _scene: &Catalog) -> Change {
        let Self {
            event,
            tags,
            function,
            fires: _,
        } = new;
        if *event != self.event || *tags != self.tags || *function != self.function {
            return Change::Replace;
        }
        Change::InPlace(vec![new.fires(id)])
    }

    fn needs_superuser(&self) -> bool {
        true
    }
}
