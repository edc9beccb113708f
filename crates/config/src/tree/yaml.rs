//! Parses YAML into a tree, with bounds on its size.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, StrInput};

use super::{Entry, Node, Scalar, Value};
use crate::{ConfigError, Origin};

/// The maximum depth of a tree: deeper than any settings type, and safe for recursion.
const MAX_DEPTH: usize = 32;
/// The maximum number of nodes after aliases are expanded ("billion laughs" attack).
const MAX_NODES: usize = 20_000;

/// The source of a text.
#[derive(Clone)]
enum Source {
    File(Arc<Path>),
    /// A variable or an argument. All nodes have the same origin.
    Whole(Origin),
}

impl Source {
    fn origin(&self, mark: &Marker) -> Origin {
        match self {
            Self::File(path) => Origin::File {
                path: path.clone(),
                line: mark.line(),
                column: mark.col() + 1,
            },
            Self::Whole(origin) => origin.clone(),
        }
    }
}

/// Parses a file and adds errors to `errors`. `None` if the file cannot be parsed at all.
pub(crate) fn parse(path: &Path, text: &str, errors: &mut Vec<ConfigError>) -> Option<Node> {
    let source = Source::File(path.into());
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    Reader::new(source, text, errors).document()
}

/// Parses a flow collection (`[a, b]`, `{a: 1}`) of a variable or argument. Its scalars are
/// literals.
pub(crate) fn flow(origin: &Origin, text: &str, errors: &mut Vec<ConfigError>) -> Option<Node> {
    let source = Source::Whole(origin.clone());
    Reader::new(source, text, errors).document()
}

struct Reader<'a> {
    source: Source,
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    errors: &'a mut Vec<ConfigError>,
}

/// The failure of a parse, whose error is already recorded.
struct Failed;

impl<'a> Reader<'a> {
    fn new(source: Source, text: &'a str, errors: &'a mut Vec<ConfigError>) -> Self {
        Self {
            source,
            parser: Parser::new_from_str(text),
            anchors: HashMap::new(),
            nodes: 0,
            errors,
        }
    }

    fn document(mut self) -> Option<Node> {
        let mut root = None;
        loop {
            match self.next() {
                Ok(Some((Event::DocumentStart(_), mark))) if root.is_some() => {
                    let problem = "a configuration file must have one YAML document only";
                    self.fail(&mark, problem);
                    return None;
                }
                Ok(Some((Event::DocumentStart(_), _))) => match self.root() {
                    Ok(node) => root = Some(node),
                    Err(Failed) => return None,
                },
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(Failed) => return None,
            }
        }
        Some(root.unwrap_or_else(|| Node::empty(self.source.origin(&Marker::new(0, 1, 0)))))
    }

    fn root(&mut self) -> Result<Node, Failed> {
        match self.next()? {
            Some((event, mark)) => self.node(event, mark, 0),
            None => Err(Failed),
        }
    }

    fn next(&mut self) -> Result<Option<(Event<'a>, Marker)>, Failed> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => Ok(Some((event, span.start))),
            Some(Err(error)) => {
                let problem = format!("not valid YAML: {}", error.info());
                Err(self.fail(error.marker(), problem))
            }
        }
    }

    fn fail(&mut self, mark: &Marker, problem: impl Into<String>) -> Failed {
        self.errors
            .push(ConfigError::new(self.source.origin(mark), "", problem));
        Failed
    }

    fn node(&mut self, event: Event<'a>, mark: Marker, depth: usize) -> Result<Node, Failed> {
        self.count(&mark, 1)?;
        if depth > MAX_DEPTH {
            return Err(self.fail(&mark, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        let origin = self.source.origin(&mark);
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                if tag.is_some() {
                    self.fail(&mark, "tags (`!`) are not supported");
                }
                let scalar = match self.source {
                    Source::File(_) => Scalar::Yaml {
                        text: text.into_owned(),
                        plain: style == ScalarStyle::Plain,
                    },
                    Source::Whole(_) => Scalar::Literal(text.into_owned()),
                };
                (Value::Scalar(scalar), anchor)
            }
            Event::SequenceStart(anchor, _) => (self.sequence(depth)?, anchor),
            Event::MappingStart(anchor, _) => (self.mapping(depth)?, anchor),
            Event::Alias(anchor) => return self.alias(anchor, &mark, depth),
            _ => return Err(self.fail(&mark, "not valid YAML: a value is missing")),
        };
        let node = Node { origin, value };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn sequence(&mut self, depth: usize) -> Result<Value, Failed> {
        let mut items = Vec::new();
        while let Some((event, mark)) = self.next()? {
            if event == Event::SequenceEnd {
                break;
            }
            items.push(self.node(event, mark, depth + 1)?);
        }
        Ok(Value::Sequence(items))
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, Failed> {
        let mut entries = BTreeMap::<String, Entry>::new();
        while let Some((event, mark)) = self.next()? {
            let key = match event {
                Event::MappingEnd => break,
                Event::Scalar(text, ..) => text.into_owned(),
                _ => return Err(self.fail(&mark, "a key must be a scalar")),
            };
            let origin = self.source.origin(&mark);
            let Some((event, mark)) = self.next()? else {
                return Err(Failed);
            };
            let node = self.node(event, mark, depth + 1)?;
            match entries.get(&key) {
                Some(first) => {
                    let problem = format!("duplicate key, first at {}", first.origin);
                    self.errors.push(ConfigError::new(origin, key, problem));
                }
                None => {
                    entries.insert(key, Entry { origin, node });
                }
            }
        }
        Ok(Value::Mapping(entries))
    }

    fn alias(&mut self, anchor: usize, mark: &Marker, depth: usize) -> Result<Node, Failed> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Err(self.fail(mark, "the alias refers to itself"));
        };
        let (size, height) = measure(&node);
        self.count(mark, size)?;
        if depth + height > MAX_DEPTH {
            return Err(self.fail(mark, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(node)
    }

    fn count(&mut self, mark: &Marker, more: usize) -> Result<(), Failed> {
        self.nodes += more;
        if self.nodes > MAX_NODES {
            return Err(self.fail(
                mark,
                format!("more than {MAX_NODES} values, including aliases"),
            ));
        }
        Ok(())
    }
}

/// Returns the number of nodes and the depth below the first.
fn measure(node: &Node) -> (usize, usize) {
    let add = |children: &mut dyn Iterator<Item = &Node>| {
        children.map(measure).fold((1, 0), |(size, height), child| {
            (size + child.0, height.max(child.1 + 1))
        })
    };
    match &node.value {
        Value::Scalar(_) => (1, 0),
        Value::Sequence(items) => add(&mut items.iter()),
        Value::Mapping(entries) => add(&mut entries.values().map(|entry| &entry.node)),
    }
}
