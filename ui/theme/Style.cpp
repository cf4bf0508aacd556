// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/Style.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QMenu>
#include <QPainter>
#include <QPainterPath>
#include <QStyleFactory>
#include <QStyleOption>

#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

const char* arrowIcon(QStyle::PrimitiveElement element) {
    switch (element) {
    case QStyle::PE_IndicatorArrowUp:
        return "chevron-up";
    case QStyle::PE_IndicatorArrowDown:
        return "chevron-down";
    case QStyle::PE_IndicatorArrowLeft:
        return "chevron-left";
    case QStyle::PE_IndicatorArrowRight:
        return "chevron-right";
    default:
        return nullptr;
    }
}

void paintCentred(QPainter& painter, const char* name, const QRect& rect, const QColor& color) {
    const int side = qMin(metrics::kIconSmall, qMin(rect.width(), rect.height()));
    QRectF square(0, 0, side, side);
    square.moveCenter(QRectF(rect).center());
    paintIcon(painter, name, square, color);
}

void paintCheck(QPainter& painter, const QStyleOption& option, bool round) {
    const Colors& c = colors();
    const bool enabled = option.state & QStyle::State_Enabled;
    const bool hover = option.state & QStyle::State_MouseOver;
    const QRectF box = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(hover && enabled ? c.textLow : c.hairline, 1));
    painter.setBrush(c.surface3);
    const qreal radius = round ? box.height() / 2 : 4;
    painter.drawRoundedRect(box, radius, radius);
    const QColor mark = enabled ? c.textHigh : c.textLow;
    if (round && (option.state & QStyle::State_On)) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(mark);
        painter.drawEllipse(box.center(), 3, 3);
    } else if (option.state & QStyle::State_On) {
        paintIcon(painter, "check", box.adjusted(1, 1, -1, -1), mark);
    } else if (option.state & QStyle::State_NoChange) {
        painter.fillRect(QRectF(box.center().x() - 4, box.center().y() - 0.75, 8, 1.5), mark);
    }
    painter.restore();
}

} // namespace

Style::Style() : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))) {}

void Style::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                          const QWidget* widget) const {
    if (const char* arrow = arrowIcon(element)) {
        const bool enabled = option->state & State_Enabled;
        paintCentred(*painter, arrow, option->rect, enabled ? colors().textMid : colors().textLow);
        return;
    }
    switch (element) {
    case PE_FrameFocusRect: {
        if (!(option->state & State_KeyboardFocusChange)) return;
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setBrush(Qt::NoBrush);
        painter->setPen(QPen(colors().accent, metrics::kFocusRing));
        painter->drawRoundedRect(QRectF(option->rect).adjusted(1, 1, -1, -1), metrics::kRadiusControl,
                                 metrics::kRadiusControl);
        painter->restore();
        return;
    }
    case PE_IndicatorCheckBox:
    case PE_IndicatorItemViewItemCheck:
        paintCheck(*painter, *option, false);
        return;
    case PE_IndicatorRadioButton:
        paintCheck(*painter, *option, true);
        return;
    case PE_IndicatorBranch:
        if (option->state & State_Children)
            paintCentred(*painter, option->state & State_Open ? "chevron-down" : "chevron-right",
                         option->rect, colors().textMid);
        return;
    case PE_Frame:
    case PE_FrameMenu:
    case PE_FrameDockWidget:
    case PE_FrameStatusBarItem:
    case PE_FrameTabWidget:
    case PE_IndicatorDockWidgetResizeHandle:
    case PE_IndicatorToolBarHandle:
    case PE_PanelStatusBar:
        return;
    case PE_IndicatorToolBarSeparator:
        painter->fillRect(
            QRect(option->rect.center().x(), option->rect.top() + 6, 1, option->rect.height() - 12),
            colors().hairline);
        return;
    default:
        QProxyStyle::drawPrimitive(element, option, painter, widget);
    }
}

void Style::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                        const QWidget* widget) const {
    if (element == CE_RubberBand) {
        painter->save();
        QColor fill = colors().accent;
        fill.setAlphaF(0.12f);
        painter->setPen(QPen(colors().accent, 1));
        painter->setBrush(fill);
        painter->drawRect(QRectF(option->rect).adjusted(0.5, 0.5, -0.5, -0.5));
        painter->restore();
        return;
    }
    QProxyStyle::drawControl(element, option, painter, widget);
}

int Style::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const {
    switch (metric) {
    case PM_SmallIconSize:
    case PM_ButtonIconSize:
    case PM_TabBarIconSize:
        return metrics::kIconSmall;
    case PM_ToolBarIconSize:
        return metrics::kIcon;
    case PM_IndicatorWidth:
    case PM_IndicatorHeight:
    case PM_ExclusiveIndicatorWidth:
    case PM_ExclusiveIndicatorHeight:
        return 16;
    case PM_DefaultFrameWidth:
    case PM_ToolBarFrameWidth:
        return 0;
    case PM_DockWidgetSeparatorExtent:
    case PM_SplitterWidth:
        return 5;
    case PM_ScrollBarExtent:
        return 10;
    case PM_ButtonShiftHorizontal:
    case PM_ButtonShiftVertical:
        return 0;
    case PM_CheckBoxLabelSpacing:
    case PM_RadioButtonLabelSpacing:
        return 8;
    default:
        return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

int Style::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                     QStyleHintReturn* data) const {
    switch (hint) {
    case SH_Menu_Mask:
    case SH_ToolTip_Mask: {
        // Rounded without translucency, which bare X servers do not have.
        auto* mask = qstyleoption_cast<QStyleHintReturnMask*>(data);
        if (!mask || !option) return 0;
        QPainterPath path;
        path.addRoundedRect(QRectF(option->rect), metrics::kRadiusControl, metrics::kRadiusControl);
        mask->region = QRegion(path.toFillPolygon().toPolygon());
        return 1;
    }
    case SH_ItemView_ActivateItemOnSingleClick:
    case SH_EtchDisabledText:
    case SH_DitherDisabledText:
    case SH_UnderlineShortcut:
    case SH_Widget_Animate:
        return 0;
    case SH_Widget_Animation_Duration:
        return 0;
    case SH_ToolTip_WakeUpDelay:
        return 500;
    case SH_Menu_SubMenuPopupDelay:
        return 120;
    case SH_Slider_AbsoluteSetButtons:
        return Qt::LeftButton;
    default:
        return QProxyStyle::styleHint(hint, option, widget, data);
    }
}

QIcon Style::standardIcon(StandardPixmap pixmap, const QStyleOption* option, const QWidget* widget) const {
    switch (pixmap) {
    case SP_TitleBarCloseButton:
    case SP_DockWidgetCloseButton:
    case SP_DialogCloseButton:
    case SP_LineEditClearButton:
        return icon("close");
    case SP_TitleBarNormalButton:
        return icon("undock");
    case SP_ToolBarHorizontalExtensionButton:
    case SP_ToolBarVerticalExtensionButton:
        return icon("more");
    case SP_MessageBoxInformation:
        return icon("info", colors().info);
    case SP_MessageBoxWarning:
        return icon("warning", colors().warn);
    case SP_MessageBoxCritical:
        return icon("error", colors().bad);
    case SP_MessageBoxQuestion:
        return icon("help", colors().info);
    case SP_DirIcon:
    case SP_DirOpenIcon:
    case SP_DirClosedIcon:
        return icon("folder");
    case SP_FileIcon:
        return icon("file");
    case SP_ArrowBack:
        return icon("chevron-left");
    case SP_ArrowForward:
        return icon("chevron-right");
    case SP_FileDialogToParent:
    case SP_ArrowUp:
        return icon("chevron-up");
    case SP_ArrowDown:
        return icon("chevron-down");
    case SP_FileDialogNewFolder:
        return icon("folder-add");
    default:
        return QProxyStyle::standardIcon(pixmap, option, widget);
    }
}

void Style::polish(QWidget* widget) {
    QProxyStyle::polish(widget);
    if (qobject_cast<QAbstractButton*>(widget) || qobject_cast<QAbstractItemView*>(widget))
        widget->setAttribute(Qt::WA_Hover);
}

} // namespace ochre::ui
