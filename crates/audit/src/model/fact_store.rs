//! Facts by type, so that a pack and a rule can share a new kind of fact without touching a common
//! list.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt::Debug;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use super::Resolution;
use crate::source::{Located, Location, SourceFile};

/// A kind of fact. Implement it on a plain struct in its own file under `model/facts/`.
pub trait Fact: Clone + Debug + Send + Sync + 'static {
    /// The name of the kind in the plural, for messages such as "could not resolve …".
    const KIND: &'static str;
}

/// A place where a fact of a kind exists but could not be read.
#[derive(Debug, Clone)]
pub struct Gap {
    /// The reason.
    pub reason: String,
    /// The location.
    pub at: Location,
}

/// All facts of one kind, with what is missing.
#[derive(Debug, Clone)]
pub struct FactSet<T> {
    /// The value.
    pub items: Vec<Located<T>>,
    /// The gaps: code that could not be read.
    pub gaps: Vec<Gap>,
    /// Whether a pack for this kind of fact read the code. Only then does an empty result mean that
    /// the fact is absent.
    pub covered: bool,
}

impl<T> Default for FactSet<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            gaps: Vec::new(),
            covered: false,
        }
    }
}

impl<T: Fact> FactSet<T> {
    /// Searches for a fact. The result is known with the first match, and absent if all files were
    /// read and no fact matches. Otherwise it is unknown.
    pub fn find(&self, matches: impl Fn(&T) -> bool) -> Resolution<&Located<T>> {
        if let Some(found) = self.items.iter().find(|item| matches(&item.value)) {
            return Resolution::Known(found);
        }
        if let Some(gap) = self.gaps.first() {
            return Resolution::Unknown(format!(
                "{} ({}:{})",
                gap.reason, gap.at.path, gap.at.line
            ));
        }
        if self.covered {
            Resolution::Absent
        } else {
            Resolution::Unknown(format!(
                "no pack that reads {} supports the code of this service",
                T::KIND
            ))
        }
    }

    /// The facts in files that are deployed.
    pub fn deployed(&self) -> impl Iterator<Item = &Located<T>> {
        self.items.iter().filter(|item| item.at.role.is_deployed())
    }
}

/// Kind, line and text of a fact or a gap.
type Described = (&'static str, usize, String);

trait AnyFactSet: Any + Send + Sync + Debug {
    fn absorb(&mut self, other: &dyn AnyFactSet);
    fn copy(&self) -> Box<dyn AnyFactSet>;
    fn described(&self, lines: &RangeInclusive<usize>) -> Vec<Described>;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl<T: Fact> AnyFactSet for FactSet<T> {
    fn absorb(&mut self, other: &dyn AnyFactSet) {
        if let Some(other) = other.as_any().downcast_ref::<Self>() {
            self.items.extend(other.items.iter().cloned());
            self.gaps.extend(other.gaps.iter().cloned());
            self.covered |= other.covered;
        }
    }

    fn copy(&self) -> Box<dyn AnyFactSet> {
        Box::new(self.clone())
    }

    fn described(&self, lines: &RangeInclusive<usize>) -> Vec<Described> {
        let items = self
            .items
            .iter()
            .map(|item| (&item.at, format!("{:?}", item.value)));
        let gaps = self
            .gaps
            .iter()
            .map(|gap| (&gap.at, format!("could not be read: {}", gap.reason)));
        items
            .chain(gaps)
            .filter(|(at, _)| lines.contains(&at.line))
            .map(|(at, text)| (T::KIND, at.line, text))
            .collect()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// Facts of all kinds, of one file or of one service.
#[derive(Debug, Default)]
pub struct FactStore {
    sets: HashMap<TypeId, Box<dyn AnyFactSet>>,
}

impl FactStore {
    /// All facts of a kind.
    #[must_use]
    pub fn of<T: Fact>(&self) -> std::borrow::Cow<'_, FactSet<T>>
    where
        FactSet<T>: Clone,
    {
        match self
            .sets
            .get(&TypeId::of::<T>())
            .and_then(|set| set.as_any().downcast_ref())
        {
            Some(set) => std::borrow::Cow::Borrowed(set),
            None => std::borrow::Cow::Owned(FactSet::default()),
        }
    }

    /// The facts of a kind, to change.
    pub fn of_mut<T: Fact>(&mut self) -> Option<&mut FactSet<T>> {
        let set = self
            .sets
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Box::new(FactSet::<T>::default()));
        set.as_any_mut().downcast_mut()
    }

    /// Returns the facts and gaps of every kind on these lines, by line. The text may contain
    /// values of the file.
    #[must_use]
    pub fn described(&self, lines: &RangeInclusive<usize>) -> Vec<(&'static str, usize, String)> {
        let mut all: Vec<Described> = self
            .sets
            .values()
            .flat_map(|set| set.described(lines))
            .collect();
        all.sort_by(|left, right| (left.1, left.0, &left.2).cmp(&(right.1, right.0, &right.2)));
        all
    }

    /// Adds the facts of another store.
    pub fn absorb(&mut self, other: &Self) {
        for (kind, set) in &other.sets {
            match self.sets.get_mut(kind) {
                Some(mine) => mine.absorb(set.as_ref()),
                None => {
                    self.sets.insert(*kind, set.copy());
                }
            }
        }
    }
}

/// A span of bytes and the function or class around it.
#[derive(Debug, Clone)]
pub struct Place {
    /// The span in the file's text, in bytes.
    pub span: Range<usize>,
    /// The function, class or key around it.
    pub symbol: Option<Arc<str>>,
}

impl From<Range<usize>> for Place {
    fn from(span: Range<usize>) -> Self {
        Self { span, symbol: None }
    }
}

/// Collects the facts that a pack finds in one file.
#[derive(Debug)]
pub struct FactSink<'a> {
    file: &'a SourceFile,
    store: &'a mut FactStore,
}

impl<'a> FactSink<'a> {
    /// A sink for one file.
    pub const fn new(file: &'a SourceFile, store: &'a mut FactStore) -> Self {
        Self { file, store }
    }

    /// Adds a fact read at a place: a span of bytes, or [`crate::syntax::Code::place`].
    pub fn add<T: Fact>(&mut self, value: T, place: impl Into<Place>) {
        let Place { span, symbol } = place.into();
        let at = self.file.location(span, symbol);
        if let Some(set) = self.store.of_mut::<T>() {
            set.items.push(Located { value, at });
            set.covered = true;
        }
    }

    /// Records that the file has a fact of this kind at the span that could not be read.
    pub fn gap<T: Fact>(&mut self, reason: impl Into<String>, place: impl Into<Place>) {
        let Place { span, symbol } = place.into();
        let at = self.file.location(span, symbol);
        if let Some(set) = self.store.of_mut::<T>() {
            set.gaps.push(Gap {
                reason: reason.into(),
                at,
            });
        }
    }

    /// Declares that the sink has every fact of this kind in this file: none found means that none
    /// exists.
    pub fn covers<T: Fact>(&mut self) {
        if let Some(set) = self.store.of_mut::<T>() {
            set.covered = true;
        }
    }
}
