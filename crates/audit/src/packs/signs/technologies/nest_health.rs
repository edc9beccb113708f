//! Health and events of Nest, and images of Node.js.

use super::{SCRIPT, Sign, review};
use crate::model::facts::Practice;

const IMAGES: &[&str] = &["dockerfile", ".dockerfile", "containerfile"];

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::SharedConnection,
        SCRIPT,
        r"(?P<what>\.pingCheck(?:<\w+>)?\()\s*['\x22`][^'\x22`]+['\x22`]\s*,\s*\{\s*transport\s*:",
        "",
        "each health check opens a client of its own (`{}`)",
    ),
    review(
        Practice::DroppedMessage,
        SCRIPT,
        r"Transport\.KAFKA[\s\S]{0,800}?(?P<what>\bconsumer\s*:\s*\{\s*groupId\b)",
        // The group of a client reads only responses.
        "fromBeginning|ClientsModule|ClientProxy|createClient|ClientKafka|@Client",
        "a new group skips the messages that were published before its first start (`{}`)",
    ),
    review(
        Practice::FixedVersion,
        IMAGES,
        r"(?im)^COPY\s+(?:--\S+\s+)*(?:\./)?package\*?\.json\s+\S+[ \t]*\r?\n(?:\s*\n|RUN yarn add[^\n]*\n)*RUN (?P<what>yarn(?: install)?\b[^\n]*)",
        r"yarn\.lock|yarn\*",
        "`yarn.lock` is not in the image, so `{}` installs the newest versions",
    ),
    review(
        Practice::EnvironmentDefault,
        IMAGES,
        r"(?m)^ARG\s+(?P<what>NODE_ENV=production)\b",
        r"(?m)^ENV\s+NODE_ENV",
        "`{}` is an argument of the build, so the program does not run in production mode",
    ),
];
