//! Results for machines: one JSON document a run.

use serde::Serialize;

/// Version of the documents' common part; fields are added without changing it.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a, T> {
    version: u32,
    command: &'a str,
    result: &'a T,
}

/// The document of one command, indented, with a line feed at its end. Text in it is as it was: JSON needs no other escaping.
pub fn document<T: Serialize>(command: &str, result: &T) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string_pretty(&Document { version: VERSION, command, result })?;
    Ok(format!("{text}\n"))
}

/// One record on one line, for logs.
pub fn line<T: Serialize>(record: &T) -> Result<String, serde_json::Error> {
    serde_json::to_string(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_names_its_version_and_command_first() {
        let result = serde_json::json!({"issue": 3, "title": "a\n\"b\""});
        assert_eq!(
            document("next", &result).unwrap(),
            "{\n  \"version\": 1,\n  \"command\": \"next\",\n  \"result\": {\n    \"issue\": 3,\n    \"title\": \
             \"a\\n\\\"b\\\"\"\n  }\n}\n"
        );
        assert_eq!(line(&result).unwrap(), r#"{"issue":3,"title":"a\n\"b\""}"#);
    }
}
