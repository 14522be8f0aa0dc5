//! Names that a line defines, by a scanner of lines for each family of languages. No parser: a heading is enough to rank.

use super::words::in_identifier;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// A keyword stands before the name: Rust, Go, Python, Ruby, PHP, Kotlin, Swift, Scala, shell and kin.
    Keyword,
    /// Functions have a type before the name and no keyword: C, C++, Java, C#, JavaScript's and TypeScript's members.
    Typed,
    /// No definitions are looked for: markup and styles.
    None,
}

pub(super) fn family(extension: &str) -> Family {
    match extension.to_ascii_lowercase().as_str() {
        "c" | "h" | "cc" | "cpp" | "hpp" | "cxx" | "hh" | "m" | "mm" | "java" | "cs" | "ts" | "tsx" | "js" | "jsx"
        | "mjs" | "cjs" | "mts" | "cts" | "vue" | "svelte" | "groovy" | "dart" => Family::Typed,
        "html" | "twig" | "css" | "scss" | "less" | "erb" | "cmake" => Family::None,
        _ => Family::Keyword,
    }
}

const DEFINING: &[&[u8]] = &[
    b"fn",
    b"func",
    b"function",
    b"def",
    b"class",
    b"struct",
    b"enum",
    b"trait",
    b"interface",
    b"type",
    b"mod",
    b"module",
    b"object",
    b"namespace",
    b"record",
    b"protocol",
    b"extension",
    b"union",
    b"macro_rules",
    b"defmodule",
    b"defp",
    b"sub",
    b"fun",
    b"typedef",
    b"define",
    b"message",
    b"service",
    b"data",
    b"newtype",
    b"static",
    b"const",
    b"let",
    b"var",
    b"val",
    b"attr_accessor",
    b"attr_reader",
    b"attr_writer",
    b"mattr_accessor",
    b"scope",
    b"annotation",
];

/// Words before a defining keyword or before a type.
const MODIFIERS: &[&[u8]] = &[
    b"pub",
    b"crate",
    b"async",
    b"export",
    b"default",
    b"public",
    b"private",
    b"protected",
    b"internal",
    b"final",
    b"abstract",
    b"override",
    b"virtual",
    b"extern",
    b"unsafe",
    b"inline",
    b"static",
    b"const",
    b"sealed",
    b"partial",
    b"open",
    b"data",
    b"suspend",
    b"declare",
    b"readonly",
    b"synchronized",
    b"native",
    b"cdef",
    b"cpdef",
    b"local",
    b"mut",
    b"self",
    b"get",
    b"set",
    b"operator",
    b"friend",
    b"constexpr",
    b"explicit",
    b"typedef",
    b"in",
    b"super",
    b"companion",
    b"case",
];

/// A typed line that starts like this is a statement, no definition.
const STATEMENTS: &[&[u8]] = &[
    b"return", b"if", b"for", b"while", b"switch", b"else", b"new", b"throw", b"case", b"do", b"try", b"catch",
    b"await", b"goto", b"import", b"package", b"using", b"delete", b"yield", b"assert", b"super", b"this", b"typeof",
    b"sizeof", b"default", b"break",
];

/// The range of the name that `line` defines, in bytes of the line.
pub(super) fn definition(family: Family, line: &[u8]) -> Option<(usize, usize)> {
    if family == Family::None {
        return None;
    }
    let mut at = line.iter().position(|byte| !matches!(byte, b' ' | b'\t'))?;
    match line.get(at..at + 2)? {
        b"//" | b"/*" | b"* " | b"*/" => return None,
        _ => {}
    }
    if line[at] == b'#' {
        // Only the preprocessor's definitions: everything else with a hash is a comment or an attribute.
        let rest = line.get(at + 1..)?;
        let gap = rest.iter().take_while(|byte| **byte == b' ').count();
        if !rest.get(gap..)?.starts_with(b"define ") {
            return None;
        }
        at += 1 + gap;
    }
    let indent = at;
    for _ in 0..6 {
        let Some(word) = identifier(line, at) else { break };
        let text = &line[word.0..word.1];
        if DEFINING.contains(&text)
            && let Some(name) = name_after(line, word.1)
            && !binds_only(family, text, indent, line, name)
        {
            return Some(name);
        }
        if !MODIFIERS.contains(&text) {
            break;
        }
        let gap = line[word.1..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'(' | b')' | b'.')).count();
        at = word.1 + gap;
    }
    match family {
        Family::Typed => typed(line, indent),
        Family::Keyword => shell_function(line, indent),
        Family::None => None,
    }
}

/// Whether a keyword only binds a value inside a function, or stands before a type: `let x` with an indent, `const char *x`.
fn binds_only(family: Family, keyword: &[u8], indent: usize, line: &[u8], name: (usize, usize)) -> bool {
    let constant = line[name.0].is_ascii_uppercase();
    let assigned = line[name.1..].iter().find(|byte| **byte != b' ').is_some_and(|byte| matches!(byte, b'=' | b':'));
    match keyword {
        b"const" | b"static" => (indent > 0 && !constant) || (family == Family::Typed && !assigned),
        b"let" | b"var" | b"val" | b"mod" | b"scope" | b"data" => indent > 0,
        _ => false,
    }
}

fn identifier(line: &[u8], from: usize) -> Option<(usize, usize)> {
    let end = from + line.get(from..)?.iter().take_while(|byte| in_identifier(**byte)).count();
    (end > from).then_some((from, end))
}

/// The name behind a defining keyword: past a receiver (`func (s *T) Name`), `self.`, a colon, modifiers.
fn name_after(line: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    if line.get(at) == Some(&b'!') || line.get(at) == Some(&b'*') {
        at += 1;
    }
    let gap = line.get(at..)?.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b':' | b'*' | b'&')).count();
    if gap == 0 {
        return None;
    }
    at += gap;
    if line.get(at) == Some(&b'(') {
        at += line.get(at..)?.iter().position(|byte| *byte == b')')? + 1;
        at += line.get(at..)?.iter().take_while(|byte| **byte == b' ').count();
    }
    loop {
        let name = identifier(line, at)?;
        let text = &line[name.0..name.1];
        match line.get(name.1) {
            // `def self.name`, `class A::B`, `fun Type.name`: the last part is what is defined.
            Some(b'.') => at = name.1 + 1,
            Some(b':') if line.get(name.1 + 1) == Some(&b':') => at = name.1 + 2,
            Some(b' ') if MODIFIERS.contains(&text) || DEFINING.contains(&text) => {
                at = name.1 + 1;
            }
            _ => return (!text[0].is_ascii_digit()).then_some(name),
        }
    }
}

/// `static int name(…` or `name(…) {`: a name before the first parenthesis, no assignment before it, no statement.
fn typed(line: &[u8], indent: usize) -> Option<(usize, usize)> {
    let open = line.iter().position(|byte| *byte == b'(')?;
    let first = identifier(line, indent)?;
    if STATEMENTS.contains(&&line[first.0..first.1])
        || line.get(indent..open)?.iter().any(|byte| matches!(byte, b'=' | b'.' | b'"' | b'\'' | b'?' | b'+'))
    {
        return None;
    }
    let start = open - line[..open].iter().rev().take_while(|byte| in_identifier(**byte)).count();
    if start == open {
        return None;
    }
    let end = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t' | b'\r'))?;
    let ends = line[end];
    let typed = start > first.0;
    let definition = match (typed, indent) {
        // A prototype in a header and a member of an interface define as well.
        (true, 0..=8) => matches!(ends, b'{' | b',' | b')' | b'(' | b';'),
        (false, 1..=8) => ends == b'{',
        (false, 0) => ends == b'{' || ends == b')' || ends == b',',
        _ => false,
    };
    (definition && !line[start].is_ascii_digit()).then_some((start, open))
}

fn shell_function(line: &[u8], indent: usize) -> Option<(usize, usize)> {
    let name = identifier(line, indent)?;
    line.get(name.1..)
        .is_some_and(|rest| rest.starts_with(b"() {") || rest.starts_with(b" () {") || rest == b"()")
        .then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defines(extension: &str, line: &str) -> String {
        definition(family(extension), line.as_bytes()).map_or(String::new(), |(from, to)| line[from..to].to_owned())
    }

    #[test]
    fn each_family_of_languages_shows_its_definitions() {
        let cases = [
            ("rs", "    pub(crate) async fn open_ro(&self) -> X {", "open_ro"),
            ("rs", "pub struct Filesystem {", "Filesystem"),
            ("rs", "macro_rules! bail {", "bail"),
            ("py", "    async def returning(self, *cols):", "returning"),
            ("py", "class Column(Base):", "Column"),
            ("go", "func (s *Server) Handle(ctx context.Context) error {", "Handle"),
            ("go", "type Snapshot struct {", "Snapshot"),
            ("rb", "    def self.create_all", "create_all"),
            ("rb", "module ActiveRecord", "ActiveRecord"),
            ("rb", "  attr_accessor :name", "name"),
            ("php", "    public static function from(array $x): self", "from"),
            ("ts", "export default class MatSort extends X {", "MatSort"),
            ("ts", "  private _update(value: string): void {", "_update"),
            ("ts", "  ngOnInit() {", "ngOnInit"),
            ("js", "export const debounce = (f) => {", "debounce"),
            ("java", "    public static <T> List<T> of(T a) {", "of"),
            ("java", "public interface BeanFactory {", "BeanFactory"),
            ("kt", "    override suspend fun load(id: Int): X {", "load"),
            ("cs", "    internal sealed record Row(int X);", "Row"),
            ("c", "static CURLcode url_parse(struct Curl *data,", "url_parse"),
            ("h", "#define CURL_MAX 10", "CURL_MAX"),
            ("h", "CURLcode Curl_open(struct x *y);", "Curl_open"),
            ("cpp", "void Parser::next(int x) {", "next"),
            ("sh", "build_all() {", "build_all"),
            ("swift", "  func draw(in rect: CGRect) {", "draw"),
        ];
        for (extension, line, name) in cases {
            assert_eq!(defines(extension, line), name, "{line}");
        }
    }

    #[test]
    fn statements_and_comments_define_nothing() {
        let cases = [
            ("c", "    if(a(b)) {"),
            ("java", "        return of(a);"),
            ("ts", "    const x = load(y);"),
            ("js", "// function old() {"),
            ("rs", "    let value = f();"),
            ("py", "# def old():"),
            ("css", ".a { color: red }"),
            ("c", ""),
            ("go", "func"),
        ];
        for (extension, line) in cases {
            assert_eq!(defines(extension, line), "", "{line}");
        }
    }
}
