//! Parts of patterns that stay inside one function.

/// Matches a line break and a line of the same function, for code with an indentation of four
/// spaces. The line is indented, and does not close a method.
macro_rules! line {
    () => {
        r"(?:\n(?:[ \t][^\n]{0,3}|[ \t][^\n]{3}[^}\n][^\n]*)?)"
    };
}

/// Matches a line break and a line of the same Python function: the line defines no function.
macro_rules! python_line {
    () => {
        r"(?:\n(?:[ \t]+(?:[^ \tda@\n][^\n]*|d[^e\n][^\n]*|a[^s\n][^\n]*|async (?:with|for)[^\n]*)|\)[^\n]*)?)"
    };
}

/// Matches a line break and an indented line: a line of the same function at the top of a file.
macro_rules! indented {
    () => {
        r"(?:\n(?:[ \t][^\n]*)?)"
    };
}

pub(super) use {indented, line, python_line};
