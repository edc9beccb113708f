//! The grammar of path templates, as `google/api/http.proto` states it: `Template = "/" Segments [
//! Verb ]`, `Segments = Segment { "/" Segment }`, `Segment = "*" | "**" | LITERAL | Variable`,
//! `Variable = "{" FieldPath [ "=" Segments ] "}"`, `Verb = ":" LITERAL`.

/// A parsed path template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) text: String,
    pub(crate) segments: Vec<Segment>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) verb: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    Literal(String),
    /// `*`: exactly one.
    One,
    /// `**`: any number of segments, at the end only.
    Rest,
}

/// A field that takes segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    /// The path of the field, with dots.
    pub(crate) field: String,
    /// The index of the first segment.
    pub(crate) start: usize,
    /// The number of segments.
    pub(crate) count: usize,
}

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser {
            rest: text,
            segments: Vec::new(),
            variables: Vec::new(),
        };
        parser
            .take('/')
            .ok_or("a path template must begin with `/`")?;
        let mut verb = None;
        if !parser.rest.is_empty() {
            parser.segments(false)?;
            if parser.take(':').is_some() {
                verb = Some(parser.literal()?);
            }
        }
        if !parser.rest.is_empty() {
            return Err(format!("unexpected `{}` in a path template", parser.rest));
        }
        let Parser {
            segments,
            variables,
            ..
        } = parser;
        let inner = segments.len().saturating_sub(1);
        if segments.iter().take(inner).any(|s| *s == Segment::Rest) {
            return Err("`**` must be the last segment of a path template".to_owned());
        }
        for (index, variable) in variables.iter().enumerate() {
            if variables
                .iter()
                .take(index)
                .any(|other| other.field == variable.field)
            {
                return Err(format!("`{}` is bound twice", variable.field));
            }
        }
        Ok(Self {
            text: text.to_owned(),
            segments,
            variables,
            verb,
        })
    }

    /// Returns the template without the names of its variables. Equal results match the same paths.
    pub(crate) fn shape(&self) -> String {
        let mut shape = String::new();
        for segment in &self.segments {
            shape.push('/');
            shape.push_str(match segment {
                Segment::Literal(literal) => literal,
                Segment::One => "*",
                Segment::Rest => "**",
            });
        }
        if let Some(verb) = &self.verb {
            shape.push(':');
            shape.push_str(verb);
        }
        shape
    }
}

struct Parser<'a> {
    rest: &'a str,
    segments: Vec<Segment>,
    variables: Vec<Variable>,
}

impl Parser<'_> {
    fn take(&mut self, character: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(character)?;
        Some(())
    }

    fn segments(&mut self, inside_variable: bool) -> Result<(), String> {
        loop {
            self.segment(inside_variable)?;
            if self.take('/').is_none() {
                return Ok(());
            }
        }
    }

    fn segment(&mut self, inside_variable: bool) -> Result<(), String> {
        if let Some(rest) = self.rest.strip_prefix("**") {
            self.rest = rest;
            self.segments.push(Segment::Rest);
        } else if self.take('*').is_some() {
            self.segments.push(Segment::One);
        } else if self.take('{').is_some() {
            if inside_variable {
                return Err("a variable inside a variable".to_owned());
            }
            self.variable()?;
        } else {
            let literal = self.literal()?;
            self.segments.push(Segment::Literal(literal));
        }
        Ok(())
    }

    fn variable(&mut self) -> Result<(), String> {
        let end = self
            .rest
            .find(['=', '}'])
            .ok_or("a variable without its closing brace")?;
        let (field, rest) = self.rest.split_at(end);
        let is_name = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if !field.split('.').all(is_name) {
            return Err(format!("`{field}` is not the path of a field"));
        }
        let field = field.to_owned();
        self.rest = rest;
        let start = self.segments.len();
        if self.take('=').is_some() {
            self.segments(true)?;
        } else {
            self.segments.push(Segment::One);
        }
        self.take('}')
            .ok_or("a variable without its closing brace")?;
        self.variables.push(Variable {
            field,
            start,
            count: self.segments.len() - start,
        });
        Ok(())
    }

    fn literal(&mut self) -> Result<String, String> {
        let end = self
            .rest
            .find(['/', ':', '{', '}', '*', '='])
            .unwrap_or(self.rest.len());
        let (literal, rest) = self.rest.split_at(end);
        if literal.is_empty() {
            return Err("an empty segment in a path template".to_owned());
        }
        let unreserved = |c: char| c.is_ascii_alphanumeric() || "-_.~!$&'()+,;@%".contains(c);
        if !literal.chars().all(unreserved) {
            return Err(format!("`{literal}` must be percent-encoded in a path"));
        }
        self.rest = rest;
        Ok(literal.to_owned())
    }
}
