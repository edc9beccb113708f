use super::Reference;
use crate::{
    Origin,
    key::Key,
    tree::{Node, Scalar, Value},
};

/// A secret setting before its secret is read.
#[derive(Clone, Debug)]
pub(crate) struct SecretLeaf {
    pub(crate) key: Key,
    pub(crate) origin: Origin,
    pub(crate) reference: Reference,
    /// Whether a file or the command line contains the secret itself.
    pub(crate) inline: bool,
}

impl SecretLeaf {
    /// Parses the node of a secret. The error does not contain its text.
    pub(crate) fn read(node: &Node, key: &Key) -> Result<Self, String> {
        let expected = "expected a reference to a secret: env:NAME, file:/path, vault:mount/path#key or aws:NAME";
        let Value::Scalar(scalar) = &node.value else {
            return Err(format!("{expected}, found more than one value"));
        };
        let (text, from_variable) = match scalar {
            Scalar::Yaml { text, .. } => (text.as_str(), false),
            Scalar::Expanded {
                text,
                from_variable,
                ..
            } => (text.as_str(), *from_variable),
            Scalar::Literal(text) => (
                text.as_str(),
                matches!(node.origin, Origin::Environment { .. }),
            ),
            Scalar::Typed(json) => (json.as_str().unwrap_or_default(), false),
            Scalar::Broken(problem) => return Err(problem.clone()),
        };
        if text.is_empty() {
            return Err(format!("{expected}, found nothing"));
        }
        // The value of a placeholder is the secret, even if it looks like a reference.
        let reference = if matches!(
            scalar,
            Scalar::Expanded {
                from_variable: true,
                ..
            }
        ) {
            Reference::literal(text)
        } else {
            Reference::read(text)
        };
        let inline = matches!(reference, Reference::Literal(_)) && !from_variable;
        Ok(Self {
            key: key.clone(),
            origin: node.origin.clone(),
            reference,
            inline,
        })
    }
}
