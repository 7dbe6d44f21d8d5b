import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.DelegatingAnalyzerWrapper;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.core.KeywordAnalyzer;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.LogDocMergePolicy;
import org.apache.lucene.index.Term;
import org.apache.lucene.queryparser.classic.ParseException;
import org.apache.lucene.queryparser.classic.QueryParser;
import org.apache.lucene.queryparser.classic.TokenMgrError;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.FuzzyQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.MultiTermQuery;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.PrefixQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.RegexpQuery;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.SimpleCollector;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TermRangeQuery;
import org.apache.lucene.search.WildcardQuery;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.automaton.RegExp;

/**
 * Lucene 8 with its classic parser set up as Elasticsearch 7's query_string is, asked line by line on standard
 * input. Texts are in base64 of UTF-8, separated by spaces.
 *
 *   reset FIELD...      forget all documents; these fields are exact, all others analysed
 *   doc [FIELD VALUE]...  one more document; a field may come several times
 *   query TEXT          answers "hits N,N,... TREE" or "error MESSAGE"
 *   tokens TEXT         answers "tokens TOKEN..."
 */
@SuppressWarnings("deprecation")
public class Oracle {
  static final String NAMES = "_field_names";
  static final int MAX_STATES = 10000;

  /** Only the exact fields are not cut into words; values of one field lie 100 places apart. */
  static class Fields extends DelegatingAnalyzerWrapper {
    final Set<String> exact = new HashSet<>();
    final Analyzer words = new StandardAnalyzer(CharArraySet.EMPTY_SET);
    final Analyzer whole = new KeywordAnalyzer();

    Fields() { super(PER_FIELD_REUSE_STRATEGY); }

    @Override protected Analyzer getWrappedAnalyzer(String field) {
      return NAMES.equals(field) || exact.contains(field) ? whole : words;
    }

    @Override public int getPositionIncrementGap(String field) { return 100; }
  }

  /** What Elasticsearch 7 does otherwise than Lucene's own parser. */
  static class Parser extends QueryParser {
    static final float AUTO = 1000;

    Parser(Analyzer analyzer) {
      super("message", analyzer);
      setAllowLeadingWildcard(true);
      setFuzzyPrefixLength(0);
      setFuzzyMinSim(AUTO);
      setMultiTermRewriteMethod(MultiTermQuery.CONSTANT_SCORE_REWRITE);
      setMaxDeterminizedStates(MAX_STATES);
    }

    @Override public Query parse(String text) throws ParseException {
      return text.trim().isEmpty() ? new MatchNoDocsQuery() : positive(super.parse(text));
    }

    @Override protected Query getBooleanQuery(List<BooleanClause> clauses) throws ParseException {
      Query query = super.getBooleanQuery(clauses);
      return query == null ? null : positive(query);
    }

    /** A group of nothing but NOT matches all else. */
    static Query positive(Query query) {
      if (!(query instanceof BooleanQuery)) return query;
      List<BooleanClause> clauses = ((BooleanQuery) query).clauses();
      if (clauses.isEmpty() || !clauses.stream().allMatch(BooleanClause::isProhibited)) return query;
      BooleanQuery.Builder all = new BooleanQuery.Builder();
      clauses.forEach(all::add);
      return all.add(new MatchAllDocsQuery(), BooleanClause.Occur.FILTER).build();
    }

    static Query exists(String field) { return new TermQuery(new Term(NAMES, field)); }

    @Override protected Query getFieldQuery(String field, String text, boolean quoted) throws ParseException {
      if ("_exists_".equals(field)) return exists(text);
      if (!quoted && text.length() > 1 && (text.startsWith(">") || text.startsWith("<"))) {
        boolean equal = text.length() > 2 && text.charAt(1) == '=';
        String bound = text.substring(equal ? 2 : 1);
        if (text.charAt(0) == '>') return getRangeQuery(field, bound, null, equal, true);
        return getRangeQuery(field, null, bound, true, equal);
      }
      return super.getFieldQuery(field, text, quoted);
    }

    @Override protected Query getFieldQuery(String field, String text, int slop) throws ParseException {
      return "_exists_".equals(field) ? exists(text) : super.getFieldQuery(field, text, slop);
    }

    @Override protected Query getRangeQuery(String field, String low, String high, boolean withLow, boolean withHigh) {
      return new TermRangeQuery(field, bound(field, low), bound(field, high), withLow, withHigh);
    }

    private BytesRef bound(String field, String text) {
      return text == null || text.equals("*") ? null : getAnalyzer().normalize(field, text);
    }

    @Override protected Query getWildcardQuery(String field, String text) throws ParseException {
      if (!text.equals("*")) return super.getWildcardQuery(field, text);
      return "*".equals(field) ? new MatchAllDocsQuery() : exists(field);
    }

    @Override protected Query getRegexpQuery(String field, String text) {
      return new RegexpQuery(new Term(field, text), RegExp.ALL, MAX_STATES);
    }

    @Override protected Query getFuzzyQuery(String field, String text, float similarity) {
      int length = text.codePointCount(0, text.length());
      int edits;
      if (similarity == AUTO) edits = length < 3 ? 0 : length < 6 ? 1 : 2;
      else edits = similarity < 1 ? FuzzyQuery.floatToEdits(similarity, length) : (int) similarity;
      return new FuzzyQuery(new Term(field, getAnalyzer().normalize(field, text)), Math.min(edits, 2), 0, 50, true);
    }
  }

  // -- trees as lucene.DumpJSON writes them

  static String quote(String s) {
    StringBuilder b = new StringBuilder("\"");
    for (char c : s.toCharArray()) {
      if (c == '"' || c == '\\') b.append('\\').append(c);
      else if (c < 32) b.append(String.format("\\u%04x", (int) c));
      else b.append(c);
    }
    return b.append('"').toString();
  }

  static String leaf(String kind, Term t) {
    return "{\"t\":\"" + kind + "\",\"f\":" + quote(t.field()) + ",\"v\":" + quote(t.text()) + "}";
  }

  static String tree(Query q) {
    if (q instanceof BoostQuery) return tree(((BoostQuery) q).getQuery());
    if (q instanceof MatchAllDocsQuery) return "{\"t\":\"all\"}";
    if (q instanceof MatchNoDocsQuery) return "{\"t\":\"none\"}";
    if (q instanceof TermQuery) return leaf("term", ((TermQuery) q).getTerm());
    if (q instanceof PrefixQuery) return leaf("prefix", ((PrefixQuery) q).getPrefix());
    if (q instanceof WildcardQuery) return leaf("wildcard", ((WildcardQuery) q).getTerm());
    if (q instanceof PhraseQuery) {
      PhraseQuery p = (PhraseQuery) q;
      List<String> words = new ArrayList<>();
      for (Term t : p.getTerms()) words.add(quote(t.text()));
      return "{\"t\":\"phrase\",\"f\":" + quote(p.getTerms()[0].field()) + ",\"v\":[" + String.join(",", words)
          + "],\"pos\":" + Arrays.toString(p.getPositions()) + ",\"slop\":" + p.getSlop() + "}";
    }
    if (!(q instanceof BooleanQuery)) return "{\"t\":\"" + q.getClass().getSimpleName() + "\",\"v\":" + quote(q.toString()) + "}";
    List<String> must = new ArrayList<>(), should = new ArrayList<>(), not = new ArrayList<>();
    for (BooleanClause c : (BooleanQuery) q) {
      (c.isProhibited() ? not : c.isRequired() ? must : should).add(tree(c.getQuery()));
    }
    return "{\"t\":\"bool\",\"must\":" + list(must) + ",\"should\":" + list(should) + ",\"not\":" + list(not) + "}";
  }

  static String list(List<String> parts) { return "[" + String.join(",", parts) + "]"; }

  // -- what is asked

  final Fields fields = new Fields();
  List<Document> docs = new ArrayList<>();
  IndexSearcher searcher;

  void reset(String[] exact) {
    fields.exact.clear();
    fields.exact.addAll(Arrays.asList(exact));
    docs = new ArrayList<>();
    searcher = null;
  }

  void add(String[] pairs) {
    Document d = new Document();
    Set<String> names = new HashSet<>();
    for (int i = 0; i + 1 < pairs.length; i += 2) {
      d.add(new TextField(pairs[i], pairs[i + 1], Field.Store.NO));
      if (names.add(pairs[i])) d.add(new StringField(NAMES, pairs[i], Field.Store.NO));
    }
    docs.add(d);
    searcher = null;
  }

  /** Documents keep their order: one segment, merged without sorting. */
  IndexSearcher searcher() throws IOException {
    if (searcher == null) {
      ByteBuffersDirectory directory = new ByteBuffersDirectory();
      try (IndexWriter w = new IndexWriter(directory, new IndexWriterConfig(fields).setMergePolicy(new LogDocMergePolicy()))) {
        for (Document d : docs) w.addDocument(d);
        w.forceMerge(1);
      }
      searcher = new IndexSearcher(DirectoryReader.open(directory));
      searcher.setQueryCache(null);
    }
    return searcher;
  }

  String query(String text) throws IOException {
    try {
      Query q = new Parser(fields).parse(text);
      List<String> hits = new ArrayList<>();
      searcher().search(q, new SimpleCollector() {
        int base;
        @Override public ScoreMode scoreMode() { return ScoreMode.COMPLETE_NO_SCORES; }
        @Override protected void doSetNextReader(LeafReaderContext c) { base = c.docBase; }
        @Override public void collect(int doc) { hits.add(String.valueOf(base + doc)); }
      });
      return "hits " + String.join(",", hits) + " " + encode(tree(q));
    } catch (ParseException | RuntimeException | TokenMgrError | StackOverflowError e) {
      return "error " + encode(String.valueOf(e.getMessage()));
    }
  }

  String tokens(String text) throws IOException {
    StringBuilder b = new StringBuilder("tokens");
    try (TokenStream s = fields.words.tokenStream("message", text)) {
      CharTermAttribute term = s.addAttribute(CharTermAttribute.class);
      s.reset();
      while (s.incrementToken()) b.append(' ').append(encode(term.toString()));
      s.end();
    }
    return b.toString();
  }

  static String encode(String s) { return Base64.getEncoder().encodeToString(s.getBytes(StandardCharsets.UTF_8)); }

  static String decode(String s) { return new String(Base64.getDecoder().decode(s), StandardCharsets.UTF_8); }

  public static void main(String[] args) throws IOException {
    Oracle o = new Oracle();
    PrintStream out = new PrintStream(System.out, true, "UTF-8");
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line; (line = in.readLine()) != null; ) {
      String[] words = line.split(" ", -1);
      String[] texts = Arrays.stream(words).skip(1).map(Oracle::decode).toArray(String[]::new);
      switch (words[0]) {
        case "reset": o.reset(texts); break;
        case "doc": o.add(texts); break;
        case "query": out.println(o.query(texts[0])); break;
        case "tokens": out.println(o.tokens(texts[0])); break;
        default: throw new IOException("not understood: " + line);
      }
    }
  }
}
