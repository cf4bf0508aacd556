// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/AdapterMath.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models {
namespace {

using at::Tensor;
using tensor::Shape;

/// a·b of sides that a file gives, held at the largest number: tensors with a side of 0 may have others of
/// any length.
std::int64_t times(std::int64_t a, std::int64_t b) {
    std::int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::int64_t>::max() : product;
}

/// The pieces of a layer, read when asked for.
class Pieces {
public:
    Pieces(const AdapterLayer& layer, const tensor::Weights& file) : m_layer(layer), m_file(file) {}

    bool has(const std::string& piece) const { return m_layer.has(piece); }
    const Shape& shape(const std::string& piece) const { return m_file.shape(m_layer.pieces.at(piece)); }

    Tensor get(const std::string& piece) const {
        return m_file.tensor(m_layer.pieces.at(piece)).to(at::kCPU, at::kFloat).contiguous();
    }
    /// [first side, all others].
    Tensor matrix(const std::string& piece) const {
        const Tensor t = get(piece);
        return t.reshape({t.size(0), -1});
    }

    std::int64_t side(const std::string& piece, std::size_t i) const {
        const Shape& sides = shape(piece);
        if (i >= sides.size() || sides[i] < 1)
            fail(piece, fmt::format("at least {} sides, none of 0", i + 1));
        return sides[i];
    }
    std::int64_t rest(const std::string& piece, std::size_t from = 1) const {
        std::int64_t product = 1;
        for (std::size_t i = from; i < shape(piece).size(); ++i) product = times(product, shape(piece)[i]);
        return product;
    }
    void match(const std::string& a, std::size_t sideOfA, const std::string& b, std::size_t sideOfB) const {
        if (side(a, sideOfA) != side(b, sideOfB))
            throw broken(fmt::format("{}: layer \"{}\": {} {} and {} {} have no side in common",
                                     m_file.subject(), m_layer.label, a, tensor::describe(shape(a)), b,
                                     tensor::describe(shape(b))),
                         "the file is damaged: download it again");
    }
    [[noreturn]] void fail(const std::string& piece, const std::string& needed) const {
        throw broken(fmt::format("{}: layer \"{}\": {} is {}, it needs {}", m_file.subject(), m_layer.label,
                                 piece, tensor::describe(shape(piece)), needed),
                     "the file is damaged: download it again");
    }

private:
    const AdapterLayer& m_layer;
    const tensor::Weights& m_file;
};

/// Σ a[i,o] t[i,j,…] b[j,n]: a core and the factors of its first two sides, [o, n·kernel].
Tensor fromCore(const Tensor& core, const Tensor& a, const Tensor& b) {
    const std::int64_t kernel = core.numel() / (core.size(0) * core.size(1));
    Tensor x = core.reshape({core.size(0), core.size(1), kernel}); // [i, j, k]
    x = x.permute({0, 2, 1}).matmul(b);                            // [i, k, n]
    x = a.t().matmul(x.reshape({core.size(0), -1}));               // [o, k·n]
    x = x.reshape({a.size(1), kernel, b.size(1)}).permute({0, 2, 1});
    return x.reshape({a.size(1), -1});
}

double scaleOf(const AdapterLayer& layer, std::int64_t rank) {
    if (!layer.alpha || rank <= 0) return 1;
    const double r = static_cast<double>(rank);
    return *layer.alpha / (layer.rankStabilised ? std::sqrt(r) : r);
}

std::int64_t rankOf(const AdapterLayer& layer, const Pieces& pieces) {
    if (layer.has("down")) return pieces.side("down", 0);
    if (layer.has("hada_w1_b")) return pieces.side("hada_w1_b", 0);
    if (layer.has("lokr_w2_b")) return pieces.side("lokr_w2_b", 0);
    if (layer.has("lokr_w1_b")) return pieces.side("lokr_w1_b", 0);
    return 0;
}

AdapterSides loraSides(const Pieces& pieces) {
    const std::int64_t rows = pieces.side("up", 0);
    if (!pieces.has("mid")) {
        if (pieces.rest("up") != pieces.side("down", 0)) pieces.match("up", 1, "down", 0);
        return {rows, pieces.rest("down")};
    }
    pieces.match("up", 1, "mid", 0);
    pieces.match("mid", 1, "down", 0);
    return {rows, times(pieces.rest("down"), pieces.rest("mid", 2))};
}

AdapterSides lohaSides(const Pieces& pieces) {
    AdapterSides sides[2];
    int i = 0;
    for (const std::string w : {"1", "2"}) {
        const std::string a = "hada_w" + w + "_a", b = "hada_w" + w + "_b", t = "hada_t" + w;
        const bool core = pieces.has(t);
        pieces.match(a, core ? 0 : 1, core ? t : b, 0);
        if (core) pieces.match(t, 1, b, 0);
        sides[i++] = {pieces.side(a, core ? 1 : 0), times(pieces.rest(b), core ? pieces.rest(t, 2) : 1)};
    }
    if (sides[0] != sides[1])
        pieces.fail("hada_w2_a",
                    fmt::format("factors of a weight of [{}, {}]", sides[0].rows, sides[0].columns));
    return sides[0];
}

AdapterSides lokrFactor(const Pieces& pieces, const std::string& w) {
    if (pieces.has(w)) return {pieces.side(w, 0), pieces.rest(w)};
    const std::string a = w + "_a", b = w + "_b";
    const bool core = w == "lokr_w2" && pieces.has("lokr_t2");
    if (!core) {
        pieces.match(a, 1, b, 0);
        return {pieces.side(a, 0), pieces.rest(b)};
    }
    pieces.match(a, 0, "lokr_t2", 0);
    pieces.match("lokr_t2", 1, b, 0);
    return {pieces.side(a, 1), times(pieces.rest(b), pieces.rest("lokr_t2", 2))};
}

Tensor lokrMatrix(const Pieces& pieces, const std::string& w) {
    if (pieces.has(w)) return pieces.matrix(w);
    if (w == "lokr_w2" && pieces.has("lokr_t2"))
        return fromCore(pieces.get("lokr_t2"), pieces.matrix("lokr_w2_a"), pieces.matrix("lokr_w2_b"));
    return pieces.matrix(w + "_a").matmul(pieces.matrix(w + "_b"));
}

Tensor lohaMatrix(const Pieces& pieces, const std::string& w) {
    const Tensor a = pieces.matrix("hada_w" + w + "_a"), b = pieces.matrix("hada_w" + w + "_b");
    return pieces.has("hada_t" + w) ? fromCore(pieces.get("hada_t" + w), a, b) : a.matmul(b);
}

/// Rotations R = (1+Q)(1−Q)⁻¹ of the last two sides, Q the skew part of the blocks, at most `limit` long (0:
/// any).
Tensor rotations(const Tensor& blocks, double limit) {
    Tensor q = blocks.sub(blocks.transpose(-1, -2));
    const double length = q.norm().item<double>() + 1e-8;
    if (limit > 0 && length > limit) q = q.mul(limit / length);
    const std::int64_t size = q.size(-1);
    const Tensor one = Tensor(q.new_zeros({size, size})).fill_diagonal_(1.0);
    return one.add(q).matmul(one.sub(q).inverse());
}

/// 1 + s·(R−1), which is R at strength 1.
Tensor weakened(const Tensor& rotation, double strength) {
    const Tensor one = Tensor(rotation.new_zeros({rotation.size(-1), rotation.size(-1)})).fill_diagonal_(1.0);
    return rotation.sub(one).mul(strength).add(one);
}

Tensor rescaled(const Tensor& turned, const Tensor& weight, const Pieces& pieces, double strength) {
    if (!pieces.has("rescale")) return turned;
    const Tensor factor = pieces.get("rescale").reshape({-1, 1});
    if (factor.size(0) != weight.size(0)) pieces.fail("rescale", fmt::format("{} rows", weight.size(0)));
    return turned.mul(factor.sub(1).mul(strength).add(1));
}

/// LyCORIS' diagonal OFT: each block of rows is turned by itself.
Tensor turnBlocks(const Tensor& weight, const AdapterLayer& layer, const Pieces& pieces, double strength) {
    const Tensor blocks = pieces.get("oft_blocks"); // [n, b, b]
    const double limit = layer.alpha.value_or(0) * static_cast<double>(weight.size(0));
    const Tensor turn = weakened(rotations(blocks, limit), strength).transpose(-1, -2);
    const Tensor rows = weight.reshape({blocks.size(0), blocks.size(1), -1});
    return rescaled(turn.matmul(rows).reshape({weight.size(0), -1}), weight, pieces, strength);
}

/// BOFT: m stages of block turns, between which the rows are dealt out as the wings of a butterfly.
Tensor turnButterfly(const Tensor& weight, const AdapterLayer& layer, const Pieces& pieces, double strength) {
    const Tensor blocks = pieces.get("oft_blocks"); // [m, n, b, b]
    const double limit = layer.alpha.value_or(0) * static_cast<double>(weight.size(0));
    const Tensor turns = weakened(rotations(blocks, limit), strength);
    const std::int64_t rows = weight.size(0), size = blocks.size(2);
    Tensor x = weight.reshape({rows, -1});
    for (std::int64_t stage = 0; stage < blocks.size(0); ++stage) {
        const std::int64_t wing = (std::int64_t{1} << stage) * (size / 2);
        if (wing == 0 || rows % (2 * wing) != 0)
            pieces.fail("oft_blocks", fmt::format("stages that divide {} rows", rows));
        x = x.reshape({rows / (2 * wing), 2, wing, -1}).transpose(1, 2).reshape({rows / size, size, -1});
        x = turns.select(0, stage).matmul(x);
        x = x.reshape({rows / (2 * wing), wing, 2, -1}).transpose(1, 2).reshape({rows, -1});
    }
    return rescaled(x, weight, pieces, strength);
}

/// m·V/‖V‖ with V = `merged` [rows, columns] of a weight of `in` input channels.
Tensor withMagnitude(const Tensor& merged, std::int64_t in, const Pieces& pieces) {
    const Tensor magnitude = pieces.get("dora_scale").flatten();
    const double epsilon = std::numeric_limits<float>::epsilon();
    const bool ofRows = magnitude.numel() == merged.size(0) && pieces.side("dora_scale", 0) == merged.size(0);
    if (ofRows) return merged.mul(magnitude.unsqueeze(1).div(merged.norm(2, {1}, true).add(epsilon)));
    if (magnitude.numel() != in)
        pieces.fail("dora_scale", fmt::format("{} or {} values", merged.size(0), in));
    const Tensor v = merged.reshape({merged.size(0), in, -1});
    const Tensor norm = v.norm(2, at::IntArrayRef{0, 2}, true).add(epsilon);
    return v.mul(magnitude.reshape({1, in, 1}).div(norm)).reshape(merged.sizes());
}

} // namespace

AdapterSides adapterSides(const AdapterLayer& layer, const tensor::Weights& file, std::int64_t rowsOfTarget) {
    const Pieces pieces(layer, file);
    if (layer.has("up")) return loraSides(pieces);
    if (layer.has("hada_w1_a")) return lohaSides(pieces);
    if (layer.has("lokr_w1") || layer.has("lokr_w1_a")) {
        const AdapterSides a = lokrFactor(pieces, "lokr_w1"), b = lokrFactor(pieces, "lokr_w2");
        return {times(a.rows, b.rows), times(a.columns, b.columns)};
    }
    if (layer.has("diff")) return {pieces.side("diff", 0), pieces.rest("diff")};
    if (!layer.has("oft_blocks")) return {};
    const Shape& blocks = pieces.shape("oft_blocks");
    const std::size_t n = blocks.size();
    if ((n != 3 && n != 4) || blocks[n - 1] != blocks[n - 2]) pieces.fail("oft_blocks", "square blocks");
    // Turns change rows alone, so any columns fit.
    const std::int64_t rows = times(blocks[n - 3], blocks[n - 1]);
    return rows == rowsOfTarget ? AdapterSides{} : AdapterSides{rows, 0};
}

at::Tensor adapterDelta(const AdapterLayer& layer, const tensor::Weights& file) {
    const Pieces pieces(layer, file);
    Tensor delta;
    if (layer.has("mid")) {
        Tensor up = pieces.matrix("up");
        delta = fromCore(pieces.get("mid"), up.t(), pieces.matrix("down"));
    } else if (layer.has("up"))
        delta = pieces.matrix("up").matmul(pieces.matrix("down"));
    else if (layer.has("hada_w1_a"))
        delta = lohaMatrix(pieces, "1").mul(lohaMatrix(pieces, "2"));
    else if (layer.has("lokr_w1") || layer.has("lokr_w1_a"))
        delta = lokrMatrix(pieces, "lokr_w1").kron(lokrMatrix(pieces, "lokr_w2"));
    else
        return pieces.matrix("diff");
    return delta.mul_(scaleOf(layer, rankOf(layer, pieces)));
}

void adaptWeight(const at::Tensor& weight, const AdapterLayer& layer, const tensor::Weights& file,
                 double strength) {
    const Pieces pieces(layer, file);
    Tensor matrix = weight.dim() == 2 ? weight : weight.view({weight.size(0), -1});
    if (layer.has("oft_blocks")) {
        const bool butterfly = pieces.shape("oft_blocks").size() == 4;
        matrix.copy_(butterfly ? turnButterfly(matrix, layer, pieces, strength)
                               : turnBlocks(matrix, layer, pieces, strength));
    } else if (layer.has("dora_scale")) {
        const std::int64_t in = weight.dim() > 1 ? weight.size(1) : 1;
        const Tensor whole = withMagnitude(matrix.add(adapterDelta(layer, file)), in, pieces);
        matrix.add_(whole.sub_(matrix), strength);
    } else if (layer.has("up") && !layer.has("mid")) // by far the most usual: in one pass over the weight
        matrix.addmm_(pieces.matrix("up"), pieces.matrix("down"), 1,
                      strength * scaleOf(layer, rankOf(layer, pieces)));
    else
        matrix.add_(adapterDelta(layer, file), strength);
}

at::Tensor adapterBiasDelta(const AdapterLayer& layer, const tensor::Weights& file) {
    const Pieces pieces(layer, file);
    if (layer.has("diff_b")) return pieces.get("diff_b").flatten();
    if (layer.has("up_bias"))
        return pieces.get("up_bias").flatten().mul(scaleOf(layer, rankOf(layer, pieces)));
    return {};
}

} // namespace ochre::models
