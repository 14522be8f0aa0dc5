//! Canonical JSON (RFC 8785) for records: sorted keys, no white space, whole numbers only.

use serde::Serialize;
use serde_json::{Map, Value};

/// The one spelling of a value. Fractions are refused, because their spelling differs between writers.
pub(super) fn canonical<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let value = sorted(serde_json::to_value(value)?)?;
    serde_json::to_string(&value)
}

fn sorted(value: Value) -> Result<Value, serde_json::Error> {
    Ok(match value {
        Value::Object(map) => {
            let mut pairs: Vec<(String, Value)> = map.into_iter().collect();
            // RFC 8785 sorts by UTF-16 code units.
            pairs.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            let mut out = Map::with_capacity(pairs.len());
            for (key, value) in pairs {
                out.insert(key, sorted(value)?);
            }
            Value::Object(out)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect::<Result<_, _>>()?),
        Value::Number(number) if number.is_f64() => {
            return Err(serde::ser::Error::custom("the ledger holds whole numbers only"));
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth_and_fractions_refused() {
        let value = serde_json::json!({"b": [{"d": 1, "c": "ü\n"}], "a": null});
        assert_eq!(canonical(&value).unwrap(), r#"{"a":null,"b":[{"c":"ü\n","d":1}]}"#);
        assert!(canonical(&serde_json::json!({"a": 0.5})).is_err());
    }
}
