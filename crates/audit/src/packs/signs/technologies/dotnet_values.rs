//! Values of .NET that may be null, and connections without encryption.

use super::{Sign, inside, review};
use crate::model::facts::Practice;

const CSHARP: &[&str] = &[".cs"];

pub(super) const SIGNS: &[Sign] = &[
    inside(
        Practice::UncheckedValue,
        CSHARP,
        r"(?m)^[^\n]*=\s*(?P<what>(?:JsonSerializer\.Deserialize|JsonConvert\.DeserializeObject)<\w+>)\([^;]*\);",
        r"(?i)consume|message|event|body|handle|execute|receive",
        r"(?:==|is) null|!= null|is not null|\?\?|\?\.|ThrowIfNull|is \{",
        "`{}` returns null for an empty text, and no code checks it",
    ),
    review(
        Practice::LostSetting,
        CSHARP,
        r"(?P<what>\.GetSection\([^)\n]*\)\.Get<\w+>\(\))\s*;",
        r"\?\? throw|ThrowIfNull|ValidateOnStart|== null|is null",
        "`{}` is null if the section is missing, and the start fails with an unrelated exception",
    ),
    review(
        Practice::Encryption,
        &["appsettings.json", "appsettings.production.json"],
        r#"(?i)(?P<what>"(?:Server|Data Source)=[^;"]+;)[^"\n]*(?:User Id|Uid|Password|Trusted_Connection)[^"\n]*""#,
        r"(?i)encrypt\s*=\s*(?:true|strict|mandatory)|sslmode|port=5432|host=",
        "the connection to the database sets no encryption (`{}`)",
    ),
];
