/* Writes lines of charts. */
#include "output/report/html_chart.h"

#include "scanner/base/time_text.h"

/* The drawing, in units of its own: what is drawn into lies between the margins. */
enum { WIDTH = 320, HEIGHT = 170, LEFT = 52, RIGHT = 308, TOP = 34, BOTTOM = 142 };

const char *html_day(int64_t time, char day[HTML_DAY_BYTES])
{
    char text[TIME_TEXT_BYTES];
    (void)snprintf(day, HTML_DAY_BYTES, "%.10s", time_text(time, text));
    return day;
}

double html_chart_top(double share)
{
    static const double steps[] = {1, 2, 3, 5};
    for (double power = 0.01; power < 100; power *= 10)
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
            if (share <= power * steps[i])
                return power * steps[i];
    return 100;
}

static double share_of(const struct html_point *point)
{
    return point->whole == 0 ? 0 : 100.0 * (double)point->part / (double)point->whole;
}

static double x_of(const struct html_chart *chart, size_t at)
{
    double first = (double)chart->points[0].time, last = (double)chart->points[chart->count - 1].time;
    double along = last > first ? ((double)chart->points[at].time - first) / (last - first) : 0;
    return LEFT + along * (RIGHT - LEFT);
}

static double y_of(double share, double top)
{
    return BOTTOM - share / top * (BOTTOM - TOP);
}

/* Writes the text alternative: what is drawn, number by number. */
static void put_text(FILE *out, const struct html_chart *chart)
{
    char day[HTML_DAY_BYTES];
    (void)fputs("<title>", out);
    html_string(out, chart->name);
    (void)fputs(": share of domains by scan date; the table below has the same numbers</title>\n<desc>", out);
    for (size_t i = 0; i < chart->count; i++) {
        (void)fprintf(out, "%s%s: ", i == 0 ? "" : ", ", html_day(chart->points[i].time, day));
        html_share(out, chart->points[i].part, chart->points[i].whole);
    }
    (void)fputs("</desc>\n", out);
}

static void put_axes(FILE *out, const struct html_chart *chart, double top)
{
    char day[HTML_DAY_BYTES];
    for (int i = 0; i <= 2; i++) {
        double share = top * i / 2, y = y_of(share, top);
        (void)fprintf(out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", LEFT, y, RIGHT);
        (void)fprintf(out, "<text class=\"axis\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g %%</text>\n",
                      LEFT - 6, y + 4, share);
    }
    (void)fprintf(out, "<text class=\"axis\" x=\"%d\" y=\"%d\">%s</text>", LEFT, BOTTOM + 20,
                  html_day(chart->points[0].time, day));
    (void)fprintf(out, "<text class=\"axis\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", RIGHT,
                  BOTTOM + 20, html_day(chart->points[chart->count - 1].time, day));
}

static void put_line(FILE *out, const struct html_chart *chart, double top)
{
    (void)fprintf(out, "<polyline class=\"%s\" points=\"", chart->kind);
    for (size_t i = 0; i < chart->count; i++)
        (void)fprintf(out, "%s%.1f,%.1f", i == 0 ? "" : " ", x_of(chart, i),
                      y_of(share_of(&chart->points[i]), top));
    (void)fputs("\"/>\n", out);
    for (size_t i = 0; i < chart->count; i++)
        (void)fprintf(out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/>", chart->kind,
                      x_of(chart, i), y_of(share_of(&chart->points[i]), top));
    (void)fputc('\n', out);
}

void html_chart(FILE *out, const struct html_chart *chart)
{
    const struct html_point *first = &chart->points[0], *last = &chart->points[chart->count - 1];
    double most = 0;
    for (size_t i = 0; i < chart->count; i++)
        most = share_of(&chart->points[i]) > most ? share_of(&chart->points[i]) : most;
    double top = html_chart_top(most);
    (void)fprintf(out,
                  "<figure><svg viewBox=\"0 0 %d %d\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\">\n",
                  WIDTH, HEIGHT);
    put_text(out, chart);
    (void)fprintf(out, "<text class=\"name\" x=\"0\" y=\"14\">");
    html_string(out, chart->name);
    (void)fprintf(out, "</text><text x=\"%d\" y=\"14\" text-anchor=\"end\">", RIGHT);
    html_share(out, first->part, first->whole);
    (void)fputs(" → ", out);
    html_share(out, last->part, last->whole);
    (void)fputs("</text>\n", out);
    put_axes(out, chart, top);
    put_line(out, chart, top);
    (void)fputs("</svg></figure>\n", out);
}
