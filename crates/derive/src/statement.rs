use proc_macro::{Delimiter, Group, Span, TokenStream, TokenTree};
use syn::{
    Error, Ident, LitStr, Result, Token,
    parse::{Parse, ParseStream},
};

const MODULE: &str = "::seaworthy::data";
/// The engines that may have texts of their own.
const ENGINES: [&str; 3] = ["postgres", "mysql", "sqlite"];
/// The placeholder of the framework.
const NOW: &str = "now_us";

/// The literals of a statement, and those of engines.
pub(crate) struct Literals {
    text: Vec<LitStr>,
    engines: Vec<(Ident, Vec<LitStr>)>,
}

/// A text with `?` in place of the expressions.
#[derive(Default)]
struct Bound {
    text: String,
    values: Vec<(String, TokenStream)>,
    /// Whether the text has a `?` of its own. `??` is a question mark.
    has_placeholder: bool,
}

impl Bound {
    fn push(&mut self, part: &str) {
        self.has_placeholder |= part.replace("??", "").contains('?');
        self.text.push_str(part);
    }
}

impl Parse for Literals {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let text = literals(input)?;
        let mut engines = Vec::new();
        while !input.is_empty() {
            let engine: Ident = input.parse()?;
            if !ENGINES.iter().any(|known| engine == known) {
                return Err(Error::new(engine.span(), "use postgres, mysql or sqlite"));
            }
            input.parse::<Token![:]>()?;
            engines.push((engine, literals(input)?));
        }
        Ok(Self { text, engines })
    }
}

/// Parses literals with commas between them and at their end.
fn literals(input: ParseStream<'_>) -> Result<Vec<LitStr>> {
    let mut found = vec![input.parse()?];
    while input.parse::<Option<Token![,]>>()?.is_some() && input.peek(LitStr) {
        found.push(input.parse()?);
    }
    Ok(found)
}

impl Literals {
    pub(crate) fn code(&self) -> Result<TokenStream> {
        let Bound { text, values, .. } = bound(&self.text)?;
        let mut code = parsed(&format!("{MODULE}::sql({text:?})"))?;
        for (engine, literals) in &self.engines {
            let other = bound(literals)?;
            let names = |values: &[(String, TokenStream)]| {
                values
                    .iter()
                    .map(|(name, _)| name.clone())
                    .collect::<Vec<_>>()
            };
            if names(&other.values) != names(&values) {
                return Err(Error::new(
                    engine.span(),
                    "the expressions of all texts must be equal",
                ));
            }
            code.extend(parsed(&format!(".on_{engine}({:?})", other.text))?);
        }
        for (_, value) in values {
            let argument = Group::new(Delimiter::Parenthesis, value);
            code.extend(parsed(".bind")?);
            code.extend([TokenTree::Group(argument)]);
        }
        Ok(code)
    }
}

fn bound(literals: &[LitStr]) -> Result<Bound> {
    let mut bound = Bound::default();
    for literal in literals {
        let source = literal.value();
        let mut rest = source.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            bound.push(before);
            let escaped = [("{{", '{'), ("}}", '}')];
            let escaped = escaped
                .iter()
                .find_map(|(pair, one)| Some((*one, brace.strip_prefix(pair)?)));
            if let Some((one, after)) = escaped {
                bound.text.push(one);
                rest = after;
                continue;
            }
            let inner = brace
                .strip_prefix('{')
                .and_then(|inner| inner.split_once('}'));
            let (name, after) = inner.ok_or_else(|| {
                Error::new(
                    literal.span(),
                    "write {{ and }} for braces that contain no expression",
                )
            })?;
            if name == NOW {
                bound.text.push_str("{now_us}");
            } else if bound.has_placeholder {
                return Err(Error::new(
                    literal.span(),
                    format!(
                        "{{{name}}} follows a `?`, which would take its value: bind both in braces"
                    ),
                ));
            } else {
                bound.text.push('?');
                bound
                    .values
                    .push((name.to_owned(), expression(name, literal)?));
            }
            rest = after;
        }
        bound.push(rest);
    }
    Ok(bound)
}

/// Returns the tokens of an expression with the position of its literal, so that its names are
/// those of the caller.
fn expression(name: &str, literal: &LitStr) -> Result<TokenStream> {
    let invalid = |_| Error::new(literal.span(), format!("{{{name}}} is not an expression"));
    let tokens: TokenStream = name.parse().map_err(invalid)?;
    Ok(at(tokens, literal.span().unwrap()))
}

fn at(tokens: TokenStream, span: Span) -> TokenStream {
    let moved = tokens.into_iter().map(|mut token| {
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), at(group.stream(), span)).into();
        }
        token.set_span(span);
        token
    });
    moved.collect()
}

fn parsed(code: &str) -> Result<TokenStream> {
    let invalid = |_| {
        Error::new(
            Span::call_site().into(),
            "the statement cannot be generated",
        )
    };
    code.parse().map_err(invalid)
}
