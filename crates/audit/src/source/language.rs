//! The languages and formats that the auditor reads, detected by file name.

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Go.
    Go,
    /// TypeScript without JSX.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
    /// JavaScript, JSX included.
    JavaScript,
    /// Python.
    Python,
    /// Java.
    Java,
    /// Kotlin.
    Kotlin,
    /// Rust.
    Rust,
    /// C#, read as text.
    CSharp,
    /// PHP, read as text.
    Php,
    /// Ruby, read as text.
    Ruby,
    /// YAML, templated or not.
    Yaml,
    /// Dockerfile, Containerfile.
    Containerfile,
    /// `.env` files.
    Dotenv,
    /// Java properties.
    Properties,
    /// TOML.
    Toml,
    /// JSON.
    Json,
    /// Anything else.
    Text,
}

impl Language {
    /// Returns the language for the last part of a path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let lower = name.to_lowercase();
        if lower == "dockerfile"
            || lower == "containerfile"
            || lower.starts_with("dockerfile.")
            || lower.starts_with("containerfile.")
            || lower.ends_with(".dockerfile")
        {
            return Self::Containerfile;
        }
        if lower == ".env" || lower.starts_with(".env.") || lower.ends_with(".env") {
            return Self::Dotenv;
        }
        match lower
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension)
        {
            "go" => Self::Go,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            "js" | "mjs" | "cjs" | "jsx" => Self::JavaScript,
            "py" => Self::Python,
            "java" => Self::Java,
            "kt" | "kts" => Self::Kotlin,
            "rs" => Self::Rust,
            "cs" => Self::CSharp,
            "php" => Self::Php,
            "rb" => Self::Ruby,
            "yml" | "yaml" | "tpl" => Self::Yaml,
            "properties" => Self::Properties,
            "toml" => Self::Toml,
            "json" | "jsonc" => Self::Json,
            _ => Self::Text,
        }
    }

    /// Whether a grammar turns the file into [`crate::syntax::Code`].
    #[must_use]
    pub const fn is_code(self) -> bool {
        matches!(
            self,
            Self::Go
                | Self::TypeScript
                | Self::Tsx
                | Self::JavaScript
                | Self::Python
                | Self::Java
                | Self::Kotlin
                | Self::Rust
        )
    }

    /// Whether only patterns of the text are read, because the auditor has no grammar.
    #[must_use]
    pub const fn is_text_code(self) -> bool {
        matches!(self, Self::CSharp | Self::Php | Self::Ruby)
    }

    /// Whether the file contains settings, so that a bare value is a literal.
    #[must_use]
    pub const fn is_configuration(self) -> bool {
        matches!(
            self,
            Self::Yaml
                | Self::Containerfile
                | Self::Dotenv
                | Self::Properties
                | Self::Toml
                | Self::Json
        )
    }

    /// Returns the name of the language in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Go => "Go",
            Self::TypeScript | Self::Tsx => "TypeScript",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
            Self::Java => "Java",
            Self::Kotlin => "Kotlin",
            Self::Rust => "Rust",
            Self::CSharp => "C#",
            Self::Php => "PHP",
            Self::Ruby => "Ruby",
            Self::Yaml => "YAML",
            Self::Containerfile => "Containerfile",
            Self::Dotenv => "dotenv",
            Self::Properties => "properties",
            Self::Toml => "TOML",
            Self::Json => "JSON",
            Self::Text => "text",
        }
    }
}
