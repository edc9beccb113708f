use std::{collections::BTreeMap, path::Path};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, StrInput};
use seaworthy_config::{ConfigError, Origin};
use serde_json::{Map, Number, Value};

use crate::problem::Problem;

/// Maximum depth of a document, deeper than any rule within the limits.
const MAX_DEPTH: usize = 64;
/// Maximum number of values of a document, enough for about 5,000 flags with rules.
const MAX_NODES: usize = 1_000_000;

/// A parsed YAML or JSON file with the position of each value.
#[derive(Debug, Default)]
pub(crate) struct Document {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    /// The line and the column, from 1.
    position: (usize, usize),
    content: Content,
}

#[derive(Debug, Default)]
enum Content {
    #[default]
    Empty,
    Scalar(Value),
    Sequence(Vec<Node>),
    Mapping(BTreeMap<String, Node>),
}

impl Document {
    /// Parses the text of a file.
    ///
    /// # Errors
    /// The first syntax error, with its position.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader {
            parser: Parser::new_from_str(text),
            nodes: 0,
        };
        let root = reader.document();
        root.map(|root| Self { root })
            .map_err(|(position, problem)| {
                let origin = origin(path, position);
                ConfigError::new(origin, "", problem)
            })
    }

    /// Returns the content.
    pub(crate) fn to_value(&self) -> Value {
        self.root.to_value()
    }

    /// Adds the position to a problem. A missing value has the position of its parent.
    pub(crate) fn locate(&self, path: &Path, problem: Problem) -> ConfigError {
        let mut node = &self.root;
        for name in &problem.path {
            let child = match &node.content {
                Content::Mapping(entries) => entries.get(name),
                Content::Sequence(items) => name
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| items.get(index)),
                _ => None,
            };
            let Some(child) = child else { break };
            node = child;
        }
        let key = problem.path.join("/");
        ConfigError::new(origin(path, node.position), key, problem.problem)
    }
}

fn origin(path: &Path, (line, column): (usize, usize)) -> Origin {
    Origin::File {
        path: path.into(),
        line: line.max(1),
        column: column.max(1),
    }
}

impl Node {
    fn to_value(&self) -> Value {
        match &self.content {
            Content::Empty => Value::Null,
            Content::Scalar(value) => value.clone(),
            Content::Sequence(items) => items.iter().map(Self::to_value).collect(),
            Content::Mapping(entries) => {
                let entries = entries.iter();
                let entries = entries.map(|(key, node)| (key.clone(), node.to_value()));
                Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    nodes: usize,
}

type Failure = ((usize, usize), String);

fn position(mark: &Marker) -> (usize, usize) {
    (mark.line(), mark.col() + 1)
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Node, Failure> {
        let mut root = None;
        while let Some((event, mark)) = self.next()? {
            match event {
                Event::DocumentStart(_) if root.is_some() => {
                    return Err((
                        position(&mark),
                        "a flag file must have one document".to_owned(),
                    ));
                }
                Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(_)
                | Event::DocumentEnd => {}
                event => root = Some(self.node(event, &mark, 0)?),
            }
        }
        Ok(root.unwrap_or_default())
    }

    fn next(&mut self) -> Result<Option<(Event<'a>, Marker)>, Failure> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, span.start))),
            Some(Err(error)) => {
                let problem = format!("not valid YAML or JSON: {}", error.info());
                Err((position(error.marker()), problem))
            }
        }
    }

    fn next_required(&mut self, mark: &Marker) -> Result<(Event<'a>, Marker), Failure> {
        let missing = || (position(mark), "the file ends too early".to_owned());
        self.next()?.ok_or_else(missing)
    }

    fn node(&mut self, event: Event<'a>, mark: &Marker, depth: usize) -> Result<Node, Failure> {
        let here = position(mark);
        self.nodes += 1;
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            let problem = format!("more than {MAX_DEPTH} levels or {MAX_NODES} values");
            return Err((here, problem));
        }
        let content = match event {
            Event::Scalar(text, style, ..) => {
                Content::Scalar(scalar(&text, style == ScalarStyle::Plain))
            }
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                loop {
                    let (event, mark) = self.next_required(mark)?;
                    if event == Event::SequenceEnd {
                        break Content::Sequence(items);
                    }
                    items.push(self.node(event, &mark, depth + 1)?);
                }
            }
            Event::MappingStart(..) => {
                let mut entries = BTreeMap::new();
                loop {
                    let (event, mark) = self.next_required(mark)?;
                    let key = match event {
                        Event::MappingEnd => break Content::Mapping(entries),
                        Event::Scalar(key, ..) => key.into_owned(),
                        _ => return Err((position(&mark), "a key must be a scalar".to_owned())),
                    };
                    let (event, value_mark) = self.next_required(&mark)?;
                    let mut node = self.node(event, &value_mark, depth + 1)?;
                    // The position of an error in an entry is that of its key.
                    node.position = position(&mark);
                    if entries.contains_key(&key) {
                        return Err((position(&mark), format!("duplicate key {key:?}")));
                    }
                    entries.insert(key, node);
                }
            }
            Event::Alias(_) => return Err((here, "aliases (`*`) are not supported".to_owned())),
            _ => return Err((here, "a value is missing".to_owned())),
        };
        Ok(Node {
            position: here,
            content,
        })
    }
}

/// Reads a scalar by the core schema of YAML 1.2.
fn scalar(text: &str, plain: bool) -> Value {
    if !plain {
        return Value::from(text);
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    if let Ok(integer) = text.parse::<i64>() {
        return integer.into();
    }
    let numeric = text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    let number = numeric.then(|| text.parse::<f64>().ok()).flatten();
    match number.and_then(Number::from_f64) {
        Some(number) => Value::Number(number),
        None => Value::from(text),
    }
}
