use std::{
    any::{Any, TypeId, type_name},
    fmt,
    iter::successors,
    sync::{Arc, OnceLock},
};

use schemars::{JsonSchema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value as Json;

use crate::{
    description::Description,
    document::set,
    key::{Key, Segment},
    legacy_key::{LegacyKey, MovedKey},
    legacy_variable::{LegacyVariable, Variable},
    mark::Marks,
    shape::{Form, Shape, compile},
};

/// A settings type for a [`Schema`]. It is implemented for all types with these bounds.
///
/// The type needs `#[serde(default, deny_unknown_fields)]`, and `#[serde(skip_serializing)]` on
/// each field with a [`Secret`](seaworthy_core::Secret).
pub trait Settings:
    Serialize + DeserializeOwned + JsonSchema + Default + Clone + Send + Sync + 'static
{
}

impl<T: Serialize + DeserializeOwned + JsonSchema + Default + Clone + Send + Sync + 'static>
    Settings for T
{
}

/// The settings types of a service. They share one tree: the fields of all types are its top-level
/// keys.
///
/// ```
/// use schemars::JsonSchema;
/// use seaworthy_config::Schema;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Default, Clone, Serialize, Deserialize, JsonSchema)]
/// #[serde(default, deny_unknown_fields)]
/// struct Framework {
///     /// The maximum number of connections.
///     connections: u32,
/// }
///
/// #[derive(Default, Clone, Serialize, Deserialize, JsonSchema)]
/// #[serde(default, deny_unknown_fields)]
/// struct Hello {
///     /// The greeting before the name.
///     greeting: String,
/// }
///
/// let schema = Schema::from_settings::<Framework>().with::<Hello>();
/// assert_eq!(schema.document()["properties"]["greeting"]["type"], "string");
/// ```
///
/// It is compiled at the first use. Clones share the result. The document is only kept after a call
/// of [`Schema::document`], because a running service needs none.
#[derive(Clone)]
pub struct Schema {
    parts: Vec<Part>,
    compiled: OnceLock<Arc<Compiled>>,
    document: OnceLock<Json>,
}

/// The parts of a schema that loads need.
#[derive(Clone)]
struct Compiled {
    /// The types with their keys.
    parts: Vec<Part>,
    defaults: Json,
    shape: Result<Arc<Shape>, String>,
    /// Variables with other names, and their effects.
    variables: Vec<Variable>,
    /// Keys of legacy files, and their effects.
    legacy_keys: Vec<MovedKey>,
    /// The prefix of variables that name keys of files.
    legacy_prefix: Option<String>,
}

/// A settings type without its static type.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) id: TypeId,
    pub(crate) name: &'static str,
    pub(crate) keys: Vec<String>,
    pub(crate) schema: fn(&mut SchemaGenerator) -> Json,
    pub(crate) defaults: fn() -> Result<Json, String>,
    read: fn(&Json) -> Result<Instance, DeserializeError>,
}

pub(crate) type Instance = Arc<dyn Any + Send + Sync>;

/// An error of serde with its key.
pub(crate) struct DeserializeError {
    pub(crate) key: Key,
    pub(crate) problem: String,
}

impl Schema {
    /// A schema of one settings type.
    #[must_use]
    pub fn from_settings<T: Settings>() -> Self {
        Self::new(vec![Part::of::<T>()])
    }

    /// Adds a settings type. A load fails if two types have the same top-level key.
    #[must_use]
    pub fn with<T: Settings>(mut self) -> Self {
        self.parts.push(Part::of::<T>());
        Self::new(self.parts)
    }

    /// Overrides the default of a setting, such as `server.http.addr` of a second service on the
    /// same machine. A load fails if no type has the key.
    #[must_use]
    pub fn with_default(self, key: &str, value: impl Into<Json>) -> Self {
        let key = Key::from_dotted(key);
        self.change(|compiled| {
            if compiled.knows(&key, "a default") {
                set(&mut compiled.defaults, &key, value.into());
            }
        })
    }

    /// Adds an environment variable with another name for a setting, such as one of an existing
    /// deployment. The variable with the prefix of the service overrides it. A load fails if no
    /// type has the key.
    #[must_use]
    pub fn with_variable(self, name: &str, key: &str) -> Self {
        self.with_legacy_variable(&LegacyVariable::owned(name, key))
    }

    /// Adds a variable of a legacy deployment. A load fails if no type has its key, unless the
    /// variable is optional.
    #[must_use]
    pub fn with_legacy_variable(self, variable: &LegacyVariable) -> Self {
        let key = variable.key();
        self.change(|compiled| {
            let is_skipped = |key: &Key| variable.is_optional() && compiled.shape_at(key).is_none();
            if key.as_ref().is_some_and(is_skipped) {
                return;
            }
            if key.is_none_or(|key| compiled.knows(&key, "a variable")) {
                compiled.variables.push(variable.resolve());
            }
        })
    }

    /// Adds a key of legacy files. A load fails if no type has the key that it sets.
    #[must_use]
    pub fn with_legacy_key(self, legacy: &LegacyKey) -> Self {
        let key = legacy.replacement();
        self.change(|compiled| {
            if key.is_none_or(|key| compiled.knows(&key, "a legacy key")) {
                compiled.legacy_keys.push(legacy.resolve());
            }
        })
    }

    /// Adds variables that begin with a prefix and name keys of files, also legacy ones, in upper
    /// case and with underscores for dots. Another variable with the prefix fails the load.
    #[must_use]
    pub fn with_legacy_prefix(self, prefix: &str) -> Self {
        self.change(|compiled| compiled.legacy_prefix = Some(prefix.to_owned()))
    }

    /// The prefix of variables that name keys of files.
    pub(crate) fn legacy_prefix(&self) -> Option<&str> {
        self.compiled().legacy_prefix.as_deref()
    }

    /// Variables with other names, and their effects.
    pub(crate) fn variables(&self) -> &[Variable] {
        &self.compiled().variables
    }

    /// Keys of legacy files, and their effects.
    pub(crate) fn legacy_keys(&self) -> &[MovedKey] {
        &self.compiled().legacy_keys
    }

    fn new(parts: Vec<Part>) -> Self {
        Self {
            parts,
            compiled: OnceLock::new(),
            document: OnceLock::new(),
        }
    }

    fn compiled(&self) -> &Compiled {
        self.compiled
            .get_or_init(|| Arc::new(Compiled::new(self.parts.clone())))
    }

    fn change(mut self, change: impl FnOnce(&mut Compiled)) -> Self {
        let compiled = self.compiled.take();
        let mut compiled = compiled.unwrap_or_else(|| Arc::new(Compiled::new(self.parts.clone())));
        change(Arc::make_mut(&mut compiled));
        self.compiled = compiled.into();
        self
    }

    /// Returns the JSON Schema of the whole tree.
    #[must_use]
    pub fn document(&self) -> &Json {
        self.document
            .get_or_init(|| Description::of(&mut self.parts.clone()).document)
    }

    pub(crate) fn shape(&self) -> Result<&Arc<Shape>, &str> {
        self.compiled().shape.as_ref().map_err(String::as_str)
    }

    pub(crate) fn defaults(&self) -> &Json {
        &self.compiled().defaults
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.compiled().parts
    }

    /// Returns the shape of a key.
    pub(crate) fn shape_at(&self, key: &Key) -> Option<&Shape> {
        self.compiled().shape_at(key)
    }

    /// Returns the marks of a key and of the sections and lists that contain it.
    pub(crate) fn marks(&self, key: &Key) -> Marks {
        let own = self.shape_at(key).map(|shape| shape.marks.clone());
        let mut marks = own.unwrap_or_default();
        let above = successors(Some(key.clone()), |key| {
            (!key.is_root()).then(|| key.parent())
        });
        above
            .skip(1)
            .filter_map(|key| self.shape_at(&key))
            .for_each(|shape| marks.inherit(&shape.marks));
        marks
    }
}

impl Compiled {
    fn new(mut parts: Vec<Part>) -> Self {
        let Description {
            document,
            defaults,
            problem,
        } = Description::of(&mut parts);
        let shape = match problem {
            Some(problem) => Err(problem),
            None => compile(&document).map(Arc::new),
        };
        Self {
            parts,
            defaults,
            shape,
            variables: Vec::new(),
            legacy_keys: Vec::new(),
            legacy_prefix: None,
        }
    }

    fn knows(&mut self, key: &Key, what: &str) -> bool {
        let is_known = self.shape.is_err() || self.shape_at(key).is_some();
        if !is_known {
            self.shape = Err(format!("{what} is set for {key}, which is not a key"));
        }
        is_known && self.shape.is_ok()
    }

    fn shape_at(&self, key: &Key) -> Option<&Shape> {
        let root: &Shape = self.shape.as_ref().ok()?;
        key.segments()
            .iter()
            .try_fold(root, |shape, segment| match (segment, &shape.form) {
                (Segment::Name(name), _) => shape.member(name),
                (Segment::Index(index), Form::List(list)) => list.item(*index),
                (Segment::Index(_), _) => None,
            })
    }
}

impl Part {
    fn of<T: Settings>() -> Self {
        Self {
            id: TypeId::of::<T>(),
            name: type_name::<T>(),
            keys: Vec::new(),
            schema: |generator| T::json_schema(generator).into(),
            defaults: || serde_json::to_value(T::default()).map_err(|error| error.to_string()),
            read: |document| match serde_path_to_error::deserialize::<_, T>(document) {
                Ok(settings) => Ok(Arc::new(settings)),
                Err(error) => Err(DeserializeError {
                    key: key_of(error.path()),
                    problem: error.into_inner().to_string(),
                }),
            },
        }
    }

    /// Whether a key belongs to this type.
    pub(crate) fn holds(&self, key: &Key) -> bool {
        match key.segments().first() {
            Some(Segment::Name(name)) => self.keys.contains(name),
            _ => false,
        }
    }

    /// Deserializes the settings from their keys of the document.
    pub(crate) fn read(&self, document: &Json) -> Result<Instance, DeserializeError> {
        let own = self
            .keys
            .iter()
            .filter_map(|key| Some((key.clone(), document.get(key)?.clone())))
            .collect();
        let mut own = Json::Object(own);
        let read = (self.read)(&own);
        wipe(&mut own);
        read
    }
}

fn key_of(path: &serde_path_to_error::Path) -> Key {
    path.iter()
        .fold(Key::default(), |key, segment| match segment {
            serde_path_to_error::Segment::Seq { index } => key.item(*index),
            serde_path_to_error::Segment::Map { key: name } => key.child(name),
            serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => {
                key
            }
        })
}

/// Overwrites every text of a document in memory, because it may be a secret.
pub(crate) fn wipe(document: &mut Json) {
    use zeroize::Zeroize as _;
    match document {
        Json::String(text) => text.zeroize(),
        Json::Array(items) => items.iter_mut().for_each(wipe),
        Json::Object(members) => members.values_mut().for_each(wipe),
        _ => {}
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.parts.iter().map(|part| part.name);
        formatter.debug_set().entries(names).finish()
    }
}
