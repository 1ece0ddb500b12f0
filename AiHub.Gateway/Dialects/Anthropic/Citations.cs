using System.Text.Json;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>Where an answer says it has something from: citations of a block in Messages, annotations of the whole text in Chat Completions.</summary>
internal static class Citations
{
    /// <param name="start">Where the cited block begins in the whole answer, in characters.</param>
    public static void WriteAnnotation(Utf8JsonWriter writer, JsonElement citation, int start, int end)
    {
        var url = citation.Text("url"u8) ?? citation.Text("source"u8);
        writer.WriteStartObject();
        if (url is not null)
        {
            writer.WriteString("type"u8, "url_citation"u8);
            writer.WriteStartObject("url_citation"u8);
            writer.WriteNumber("start_index"u8, start);
            writer.WriteNumber("end_index"u8, end);
            writer.WriteString("url"u8, url);
            writer.WriteString("title"u8, citation.Text("title"u8) ?? "");
            writer.WriteString("content"u8, citation.Text("cited_text"u8) ?? "");
            writer.WriteEndObject();
        }
        else
        {
            writer.WriteString("type"u8, "file_citation"u8);
            writer.WriteStartObject("file_citation"u8);
            writer.WriteNumber("start_index"u8, start);
            writer.WriteNumber("end_index"u8, end);
            writer.WriteString("filename"u8, citation.Text("document_title"u8) ?? "");
            writer.WriteString("content"u8, citation.Text("cited_text"u8) ?? "");
            writer.WriteEndObject();
        }

        // Page numbers and encrypted positions have no names in Chat Completions.
        writer.WritePropertyName("citation"u8);
        citation.WriteTo(writer);
        writer.WriteEndObject();
    }

    public static void WriteCitation(Utf8JsonWriter writer, JsonElement annotation)
    {
        if (annotation.Given("citation"u8, JsonValueKind.Object, out var original))
        {
            original.WriteTo(writer);
            return;
        }

        if (!annotation.Given("url_citation"u8, JsonValueKind.Object, out var cited) && !annotation.Given("file_citation"u8, JsonValueKind.Object, out cited))
        {
            cited = annotation;
        }

        writer.WriteStartObject();
        if (cited.Text("url"u8) is { } url)
        {
            writer.WriteString("type"u8, "web_search_result_location"u8);
            writer.WriteString("url"u8, url);
            writer.WriteString("title"u8, cited.Text("title"u8));
            writer.WriteString("cited_text"u8, cited.Text("content"u8) ?? "");
            writer.WriteString("encrypted_index"u8, ""u8);
        }
        else
        {
            writer.WriteString("type"u8, "char_location"u8);
            writer.WriteString("cited_text"u8, cited.Text("content"u8) ?? cited.Text("quote"u8) ?? "");
            writer.WriteNumber("document_index"u8, cited.Number("index"u8) ?? 0);
            writer.WriteString("document_title"u8, cited.Text("filename"u8));
            writer.WriteNumber("start_char_index"u8, cited.Number("start_index"u8) ?? 0);
            writer.WriteNumber("end_char_index"u8, cited.Number("end_index"u8) ?? 0);
            writer.WriteString("file_id"u8, cited.Text("file_id"u8));
        }

        writer.WriteEndObject();
    }
}
