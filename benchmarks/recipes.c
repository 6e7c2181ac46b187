/* The programs of recipes.py as C has them, called so many times with the arguments there. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define KEPT __attribute__((noinline, noipa))

KEPT static double kepler(double mean, double eccentricity)
{
    double anomaly = mean;
    for (int k = 0; k < 50; k++) {
        double step = (anomaly - eccentricity * sin(anomaly) - mean)
            / (1 - eccentricity * cos(anomaly));
        anomaly -= step;
        if (fabs(step) < 1e-13)
            break;
    }
    return anomaly;
}

KEPT static double bisection(double c, double low, double high)
{
    while (high - low > 1e-13) {
        double middle = 0.5 * (low + high);
        if (middle * middle * middle + middle < c)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

KEPT static double collatz_record(long limit)
{
    long best = 1, longest = 0;
    for (long start = 1; start < limit; start++) {
        long n = start, steps = 0;
        while (n > 1) {
            n = n % 2 == 1 ? 3 * n + 1 : n / 2;
            steps++;
        }
        if (steps > longest) {
            best = start;
            longest = steps;
        }
    }
    return best;
}

KEPT static double mandelbrot_area(long side, long limit)
{
    long total = 0;
    for (long i = 0; i < side; i++)
        for (long j = 0; j < side; j++) {
            double x = -2 + 3.0 * i / side, y = -1.5 + 3.0 * j / side, a = 0, b = 0;
            long n = 0;
            while (a * a + b * b < 4 && n < limit) {
                double next = a * a - b * b + x;
                b = 2 * a * b + y;
                a = next;
                n++;
            }
            total += n;
        }
    return total;
}

KEPT static double random_walk(long seed, long steps)
{
    long place = 0, farthest = 0;
    for (long k = 0; k < steps; k++) {
        seed = 16807 * seed % 2147483647;
        place += seed < 1073741824 ? 1 : -1;
        if (labs(place) > farthest)
            farthest = labs(place);
    }
    return farthest;
}

static double step(double rate, double t, double x, double h)
{
    double k1 = -rate * x + sin(t);
    double k2 = -rate * (x + h / 2 * k1) + sin(t + h / 2);
    double k3 = -rate * (x + h / 2 * k2) + sin(t + h / 2);
    double k4 = -rate * (x + h * k3) + sin(t + h);
    return x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
}

KEPT static double step_control(double rate, double until)
{
    double t = 0, x = 1, h = 0.1;
    while (t < until) {
        if (t + h > until)
            h = until - t;
        double whole = step(rate, t, x, h);
        double half = step(rate, t + h / 2, step(rate, t, x, h / 2), h / 2);
        double error = fabs(half - whole) / 15;
        if (error < 1e-10) {
            t += h;
            x = half;
        }
        if (error < 1e-12)
            h *= 2;
        else if (error >= 1e-10)
            h /= 2;
    }
    return x;
}

KEPT static double nth_prime(long n)
{
    long candidate = 1, found = 0;
    while (found < n) {
        candidate++;
        int prime = 1;
        for (long d = 2; d * d <= candidate; d++)
            if (candidate % d == 0) {
                prime = 0;
                break;
            }
        found += prime;
    }
    return candidate;
}

KEPT static double insertion_sort(long size, const double *values, double *x)
{
    memcpy(x, values, size * sizeof *x);
    for (long i = 1; i < size; i++) {
        double key = x[i];
        long j = i - 1;
        while (j >= 0 && x[j] > key) {
            x[j + 1] = x[j];
            j--;
        }
        x[j + 1] = key;
    }
    return x[0];
}

KEPT static double edit_distance(long m, const double *a, long n, const double *b, double *row)
{
    for (long j = 0; j <= n; j++)
        row[j] = j;
    for (long i = 1; i <= m; i++) {
        double diagonal = row[0];
        row[0] = i;
        for (long j = 1; j <= n; j++) {
            double cost = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            double other = row[j] + 1 < row[j - 1] + 1 ? row[j] + 1 : row[j - 1] + 1;
            row[j] = cost < other ? cost : other;
        }
    }
    return row[n];
}

KEPT static double heat(long size, const double *rod, long turns, double *u, double *following)
{
    memcpy(u, rod, size * sizeof *u);
    memcpy(following, rod, size * sizeof *u);
    for (long turn = 0; turn < turns; turn++) {
        for (long k = 1; k < size - 1; k++)
            following[k] = u[k] + 0.25 * (u[k - 1] - 2 * u[k] + u[k + 1]);
        for (long k = 1; k < size - 1; k++)
            u[k] = following[k];
    }
    return u[size / 2];
}

KEPT static double option(double spot, double strike, double volatility, long steps)
{
    double values[301] = {0};
    double up = exp(volatility * sqrt(1.0 / steps)), p = (1 - 1 / up) / (up - 1 / up);
    for (long k = 0; k <= steps; k++)
        values[k] = fmax(0.0, strike - spot * pow(up, 2.0 * k - steps));
    for (long level = steps - 1; level >= 0; level--) {
        double price = spot * pow(up, -1.0 * level);
        for (long k = 0; k <= level; k++) {
            double kept = p * values[k + 1] + (1 - p) * values[k], now = strike - price;
            values[k] = kept > now ? kept : now;
            price *= up * up;
        }
    }
    return values[0];
}

KEPT static double fibonacci(long n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

KEPT static double quadrature(double a, double b, double whole, double tolerance)
{
    double middle = (a + b) / 2, root = sqrt(middle);
    double left = (middle - a) / 6 * (sqrt(a) + 4 * sqrt((a + middle) / 2) + root);
    double right = (b - middle) / 6 * (root + 4 * sqrt((middle + b) / 2) + sqrt(b));
    if (fabs(left + right - whole) < 15 * tolerance)
        return left + right;
    return quadrature(a, middle, left, tolerance / 2)
        + quadrature(middle, b, right, tolerance / 2);
}

#define REPEATED(name, ...)                                                                        \
    double repeat_##name(long count, const double *v, const long *sizes, double *work)             \
    {                                                                                              \
        double value = 0;                                                                          \
        (void)sizes;                                                                               \
        (void)work;                                                                                \
        while (count-- > 0)                                                                        \
            value = name(__VA_ARGS__);                                                             \
        return value;                                                                              \
    }

REPEATED(kepler, v[0], v[1])
REPEATED(bisection, v[0], v[1], v[2])
REPEATED(collatz_record, v[0])
REPEATED(mandelbrot_area, v[0], v[1])
REPEATED(random_walk, v[0], v[1])
REPEATED(step_control, v[0], v[1])
REPEATED(nth_prime, v[0])
REPEATED(insertion_sort, sizes[0], v, work)
REPEATED(edit_distance, sizes[0], v, sizes[1], v + sizes[0], work)
REPEATED(heat, sizes[0], v, v[sizes[0]], work, work + sizes[0])
REPEATED(option, v[0], v[1], v[2], v[3])
REPEATED(fibonacci, v[0])
REPEATED(quadrature, v[0], v[1], v[2], v[3])
