//! Tables that people write or convert: `source,destination,protocol,port[,count,first,last,verdict]`, in any order, with a
//! header. Ends are in the words of answers.

use super::connection::{Key, Sums};
use super::record::{Protocol, Verdict};
use super::reference::Reference;
use super::time;

/// The columns of a table, from its header.
#[derive(Debug, Default)]
pub struct Columns(Vec<String>);

impl Columns {
    /// Reads a header; none if it is none.
    pub fn of(header: &str) -> Option<Self> {
        let columns = fields(header).into_iter();
        let columns: Vec<String> = columns.map(|name| name.to_ascii_lowercase()).collect();
        let mut needed = ["source", "destination", "protocol"].into_iter();
        let has = |name: &str| columns.iter().any(|column| column == name);
        needed.all(has).then_some(Self(columns))
    }

    /// Reads a row; none if it is no connection, or `is_cut` behind a comma: the file ends there.
    pub fn row(&self, row: &str, is_cut: bool) -> Option<(Key, Sums)> {
        let fields = fields(row);
        if fields.len() < self.0.len() || is_cut && fields.last().is_some_and(String::is_empty) {
            return None;
        }
        let field = |name: &str| {
            let at = self.0.iter().position(|column| column == name)?;
            fields
                .get(at)
                .map(String::as_str)
                .filter(|text| !text.is_empty())
        };
        let port = |text: &str| text.parse::<u16>().ok();
        let key = Key {
            source: Reference::from_words(field("source")?)?,
            destination: Reference::from_words(field("destination")?)?,
            protocol: Protocol::named(field("protocol")?)?,
            port: field("port").map_or(Some(None), |text| port(text).map(Some))?,
            icmp: None,
        };
        let mut sums = Sums::default();
        let count = field("count").map_or(Some(1), |count| count.parse().ok())?;
        let verdict = match field("verdict")
            .unwrap_or("forwarded")
            .to_ascii_lowercase()
            .as_str()
        {
            "forwarded" | "allow" | "allowed" => Verdict::Forwarded,
            "audited" | "audit" => Verdict::Audited,
            "dropped" | "deny" | "denied" => Verdict::Dropped,
            _ => return None,
        };
        sums.add(verdict, count);
        sums.uncounted = (count == 0).then_some(verdict);
        for name in ["first", "last"] {
            if let Some(text) = field(name) {
                sums.seen(time::parse(text)?);
            }
        }
        if let Some(first) = sums.first {
            sums.over_time.add(first, verdict, count);
        }
        Some((key, sums))
    }
}

/// The fields of a row; those in quotes may contain commas.
fn fields(row: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in row.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => {
                if let Some(field) = fields.last_mut() {
                    field.push(c);
                }
            }
        }
    }
    fields.iter().map(|field| field.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_connections() {
        let header = "source,destination,protocol,port,count,first,last,verdict";
        let columns = Columns::of(header).unwrap();
        let row = "shop/web,data/db,TCP,5432,3,2026-11-03T09:00:00Z,2026-11-03T10:00:00Z,dropped";
        let (key, sums) = columns.row(row, true).unwrap();
        assert_eq!(
            (key.source.to_string(), key.port),
            ("shop/web".to_owned(), Some(5432))
        );
        assert_eq!((sums.dropped, sums.forwarded), (3, 0));
        assert!(sums.first < sums.last);
        for wrong in [
            "",
            "shop/web",
            "shop/web,data/db,TCP,5432",
            "shop/web,data/db,TCP,5432,3,,",
            "shop/web,data/db,TCP,x,,,,",
            "web,db,TCP,80,,,,",
            "a/b,c/d,QUIC,80,,,,",
        ] {
            assert!(columns.row(wrong, false).is_none(), "{wrong}");
        }
        let without_verdict = "shop/web,data/db,TCP,5432,3,,,";
        assert!(columns.row(without_verdict, false).is_some());
        assert!(
            columns.row(without_verdict, true).is_none(),
            "the file was cut"
        );
    }

    #[test]
    fn columns_are_found_by_name() {
        for (header, row) in [
            ("protocol,port,destination,source", "TCP,80,c/d,a/b"),
            (
                r#""Source", "destination","protocol","port""#,
                r#""a/b", "c/d","TCP","80""#,
            ),
            (
                "source , destination , protocol , port , why",
                "a/b , c/d , TCP , 80 , x",
            ),
        ] {
            let (key, _) = Columns::of(header).unwrap().row(row, false).unwrap();
            let ends = (key.source.to_string(), key.destination.to_string());
            assert_eq!(ends, ("a/b".to_owned(), "c/d".to_owned()), "{header}");
            assert_eq!(key.port, Some(80), "{header}");
        }
        for other in [
            "source,destination",
            "level=info, protocol",
            "",
            "{source,destination,protocol}",
        ] {
            assert!(Columns::of(other).is_none(), "{other}");
        }
    }
}
